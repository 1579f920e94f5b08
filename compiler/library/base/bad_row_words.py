"""What other libraries call what becomes of rows that cannot be read: `on_bad_lines`, `skip_bad_rows`, `dropna`."""

BAD_ROWS = (
    "badrows", "dropbadrows", "droperrors", "ignorebadrows", "ignoreerrors", "onbadlines", "onbadrecord", "onbadrecords",
    "onbadrows", "onerror", "onerrors", "skipbadlines", "skipbadrows", "skiperrors", "skipinvalid", "skipinvalidrows",
)  # fmt: skip
"""Keys without case and separators whose value says what becomes of a row that cannot be read."""
TURNED = ("errorbadlines", "warnbadlines")
"""Those of older pandas: false for rows that are left out."""
MISSING = ("dropmissing", "dropna", "dropnull", "dropnulls", "missingvaluestrategy")
"""Those that leave out rows in which a value is missing."""

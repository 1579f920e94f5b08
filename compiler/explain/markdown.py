"""The reference as Markdown, a page for each layer, one for each other kind and a list of the codes: what `modelc explain`
shows.

The pages are kept in `docs/reference`, and a test holds them to what is made here.
"""

from modelc.compiler.diagnostics.catalog import codes
from modelc.compiler.diagnostics.catalog import page as page_of_code
from modelc.compiler.explain.entries import Entry, entries, names, plural

CODES = "../../compiler/diagnostics/codes"
"""Where the pages of the codes are, as seen from the reference: they are installed with the compiler."""
MADE = "Made from the classes; change the docstrings and fields there."


def pages() -> dict[str, str]:
    """The text of each page by its path, and of the index `README.md`."""
    found = {
        kind: [entry for name in listed for entry in entries(name) if entry.kind == kind]
        for kind, listed in names().items()
    }
    layers = found.pop("layer")
    texts = {f"{plural(kind)}.md": page(kind, listed) for kind, listed in found.items()}
    texts |= {f"layers/{entry.name}.md": f"{section(entry, 1)}\n{MADE}\n" for entry in layers}
    texts["layers.md"] = "\n".join(
        [f"# Layers\n\n{MADE}\n", *(f"- [{e.name}](layers/{e.name}.md): {e.headline}" for e in layers)]
    )
    lines = [f"- [layers](layers.md): {', '.join(f'[`{e.name}`](layers/{e.name}.md)' for e in layers)}"]
    lines += [
        f"- [{plural(kind)}]({plural(kind)}.md): {', '.join(f'`{e.name}`' for e in listed)}"
        for kind, listed in found.items()
    ]
    texts["errors.md"] = "\n".join(
        [
            "# Errors and warnings\n\nWhat each code means, with a spec that has the fault and one that has not.\n",
            *(f"- [{code}]({CODES}/{code}.md): {page_of_code(code).title}" for code in codes()),
        ]
    )
    lines.append("- [errors and warnings](errors.md)")
    texts["README.md"] = "\n".join([f"# Reference\n\n{MADE}\n", *lines])
    return {path: text.rstrip("\n") + "\n" for path, text in texts.items()}


def page(kind: str, listed: list[Entry]) -> str:
    """All things of one kind, a section each."""
    title = plural(kind).capitalize()
    return "\n".join([f"# {title}", "", MADE, "", *(section(entry, 2) for entry in listed)])


def section(entry: Entry, level: int) -> str:
    """One named thing, below a heading of `level`."""
    parts = [f"{'#' * level} {entry.name}", entry.doc]
    if entry.arguments:
        rows = [f"| `{a.name}` | {a.takes} | {default(a.default)} | {a.description} |" for a in entry.arguments]
        parts.append("\n".join(["| argument | takes | default | |", "| --- | --- | --- | --- |", *rows]))
    if entry.primary is not None:
        parts.append(
            f"A bare value is `{entry.primary}`: `{entry.name}: ...` is `{entry.name}: {{{entry.primary}: ...}}`."
        )
    if entry.inputs and entry.inputs != ("x",):
        parts.append(f"Inputs: {'; '.join(entry.inputs)}.")
    if len(entry.ports) > 1:
        parts.append(f"Ports: {', '.join(f'`{port}`' for port in entry.ports)}.")
    if entry.example:
        parts.append(f"```text\n{entry.example}\n```")
    if entry.same:
        parts.append(f"The same elsewhere: {', '.join(f'{where} {quoted(name)}' for where, name in entry.same)}.")
    if entry.spellings:
        parts.append(f"Also called: {', '.join(f'`{spelling}`' for spelling in entry.spellings)}.")
    if entry.akin:
        parts.append(f"Near it, with other values or another form: {', '.join(f'`{word}`' for word in entry.akin)}.")
    return "\n\n".join(parts) + "\n"


def default(text: str | None) -> str:
    return "required" if text is None else f"`{text}`"


def quoted(name: str) -> str:
    return name if name == "none" else f"`{name}`"

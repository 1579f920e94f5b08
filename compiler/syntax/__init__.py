"""Reads YAML and JSON: parser events, nodes with places, documents, syntax errors, and the files that a spec may read."""

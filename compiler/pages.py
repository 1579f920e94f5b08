"""The reference as Markdown, a page for each kind of named thing: the same facts that `modelc explain` shows.

The pages are kept in `docs/reference`, and a test holds them to what is made here.
"""

from modelc.compiler.reference import Entry, entries, names, plural


def pages() -> dict[str, str]:
    """The text of each page by its file name, and of the index `README.md`."""
    found = {
        kind: [entry for name in listed for entry in entries(name) if entry.kind == kind]
        for kind, listed in names().items()
    }
    texts = {f"{plural(kind)}.md": page(kind, listed) for kind, listed in found.items()}
    lines = [
        f"- [{plural(kind)}]({plural(kind)}.md): {', '.join(f'`{e.name}`' for e in listed)}"
        for kind, listed in found.items()
    ]
    return {**texts, "README.md": "\n".join([f"# Reference\n\n{MADE}\n", *lines]) + "\n"}


MADE = "Made from the classes; change the docstrings and fields there."


def page(kind: str, listed: list[Entry]) -> str:
    """All things of one kind, a section each."""
    title = plural(kind).capitalize()
    return "\n".join([f"# {title}", "", MADE, "", *(section(entry) for entry in listed)]).rstrip() + "\n"


def section(entry: Entry) -> str:
    """One named thing."""
    parts = [f"## {entry.name}", entry.doc]
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
    if entry.spellings:
        parts.append(f"Elsewhere called: {', '.join(f'`{spelling}`' for spelling in entry.spellings)}.")
    return "\n\n".join(parts) + "\n"


def default(text: str | None) -> str:
    return "required" if text is None else f"`{text}`"

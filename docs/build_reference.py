"""Writes `docs/reference`, what `modelc explain` shows as Markdown: a page for each layer and each other kind, and the codes.

    python docs/build_reference.py [--check]

With `--check` nothing is written: the pages that differ are listed, and the exit code is 1 where there are any.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from modelc.compiler.diagnostics.catalog import codes
from modelc.compiler.diagnostics.catalog import page as page_of_code
from modelc.compiler.explain.entries import Entry, entries, names, plural

FOLDER = Path(__file__).parent / "reference"
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
    if entry.masks:
        parts.append(f"Masks: {entry.masks}.")
    if entry.precision:
        parts.append(f"Under `mixed_bfloat16`: {entry.precision}.")
    if entry.example:
        parts.append(f"```text\n{entry.example}\n```")
    if entry.same:
        parts.append(f"Equivalents: {', '.join(f'{where} {quoted(name)}' for where, name in entry.same)}.")
    if entry.spellings:
        parts.append(f"Also called: {', '.join(f'`{spelling}`' for spelling in entry.spellings)}.")
    if entry.related:
        parts.append(
            f"Related names, with other values or another form: {', '.join(f'`{word}`' for word in entry.related)}."
        )
    return "\n\n".join(parts) + "\n"


def default(text: str | None) -> str:
    return "required" if text is None else f"`{text}`"


def quoted(name: str) -> str:
    return name if name == "none" else f"`{name}`"


def outdated(folder: Path) -> list[str]:
    """The pages of `folder` that are not what the classes say, are missing, or belong to nothing any more."""
    texts = pages()
    found = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.md")}
    return sorted(name for name in texts.keys() | found.keys() if texts.get(name) != found.get(name))


def build(folder: Path) -> None:
    """Bring the pages of `folder` up to date."""
    texts = pages()
    for name in outdated(folder):
        path = folder / name
        if name in texts:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts[name], encoding="utf-8")
        else:
            path.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write docs/reference from the classes.")
    parser.add_argument("--check", action="store_true", help="list the pages that differ, and write nothing")
    if not parser.parse_args(arguments).check:
        build(FOLDER)
        return 0
    names = outdated(FOLDER)
    sys.stdout.writelines(f"{name} is not what the classes say\n" for name in names)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes `docs/reference`, what `modelc explain` shows as Markdown: a page for each layer and each other kind, and the codes;
and the tables in the pages for those who come from Keras or PyTorch.

    python docs/build_reference.py [--check]

With `--check` nothing is written: the pages that differ are listed, and the exit code is 1 where there are any.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from modelc.compiler.diagnostics.catalog import codes
from modelc.compiler.diagnostics.catalog import page as page_of_code
from modelc.compiler.explain.counterparts import Counterpart
from modelc.compiler.explain.counterparts import pages as counterparts
from modelc.compiler.explain.entries import Entry, entries, names, plural
from modelc.compiler.explain.pretty_printer import show_value, simple
from modelc.compiler.language.suggestions.spelling import ARGUMENTS, OTHER_VALUES
from modelc.compiler.library.registries import TABLES

FOLDER = Path(__file__).parent / "reference"
CODES = "../../compiler/diagnostics/codes"
"""Where the pages of the codes are, as seen from the reference: they are installed with the compiler."""
DOCS = Path(__file__).parent
GUIDES = {"from_keras.md": ("Keras", "keras"), "from_pytorch.md": ("PyTorch", "torch")}
"""The pages with tables, each with its framework and the attribute of classes that has its names."""
PLACE = re.compile(r"<!-- table: (\w+) -->\n.*?<!-- end -->", re.DOTALL)
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


def with_tables(text: str, guide: str) -> str:
    """The text of a guide with its tables as the classes and the counterparts say them."""
    framework, attribute = GUIDES[guide]
    rows = counterparts()[framework]

    def filled(found: re.Match[str]) -> str:
        name = found[1]
        if name == "arguments":
            table = argument_table()
        elif name in rows:
            table = counterpart_table(framework, rows[name], with_defaults=name == "defaults")
        else:
            table = class_table(framework, attribute, name)
        return f"<!-- table: {name} -->\n{table}\n<!-- end -->"

    return PLACE.sub(filled, text)


def as_table(*rows: Sequence[str]) -> str:
    """Rows as a table of Markdown, the first one its head."""
    head, *body = (f"| {' | '.join(cells)} |" for cells in rows)
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *body])


def counterpart_table(framework: str, rows: Sequence[Counterpart], with_defaults: bool) -> str:
    lines = [[code(row.there), code(row.here), row.note] for row in rows]
    if with_defaults:
        for line, row in zip(lines, rows, strict=True):
            line[2] = "; ".join(part for part in (defaults_in(row), line[2]) if part)
    return as_table((framework, "here", "without it" if with_defaults else ""), *lines)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def defaults_in(row: Counterpart) -> str:
    """The defaults of the arguments that a named thing is given."""
    name, _, given = row.here.partition(": ")
    entries = [table.find(name) for table in TABLES if name in table]
    # A layer and a constraint may have one name.
    named = [cls for cls in entries if any(own and own in row.there for own in (cls.keras, cls.torch))]
    cls = (named or entries)[0]
    fields = [(argument, info) for argument, info in cls.model_fields.items() if re.search(rf"\b{argument}: ", given)]
    shown = [(argument, simple(info, info.default)) for argument, info in fields if not info.is_required()]
    return ", ".join(f"`{argument}: {show_value(value)}`" for argument, value in shown)


def class_table(framework: str, attribute: str, kinds: str) -> str:
    """All of one kind that `framework` has too, by their names there."""
    (table,) = (table for table in TABLES if plural(table.kind) == kinds)
    lines = []
    for name in names()[table.kind]:
        if there := getattr(table.find(name), attribute):
            page = f"layers/{name}.md" if table.kind == "layer" else f"{kinds}.md#{name}"
            example = table.find(name).example
            there = there if "." in there or attribute == "keras" else f"torch.{there}"
            lines.append((code(there), f"[`{name}`](reference/{page})", code(example if "\n" not in example else "")))
    return as_table((framework, "here", "for example"), *sorted(lines, key=lambda line: line[0].lower()))


def argument_table() -> str:
    """The arguments and keys that others call otherwise; words whose value is another here are left out."""
    words = {name: [word for word in others if word not in OTHER_VALUES] for name, others in sorted(ARGUMENTS.items())}
    lines = [(", ".join(map(code, others)), code(name)) for name, others in words.items() if others]
    return as_table(("elsewhere", "here"), *lines)


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
    texts = {path: path.read_text(encoding="utf-8") for path in (DOCS / guide for guide in GUIDES)}
    filled = {path: with_tables(text, path.name) for path, text in texts.items()}
    if not parser.parse_args(arguments).check:
        build(FOLDER)
        for path, text in filled.items():
            path.write_text(text, encoding="utf-8")
        return 0
    names = outdated(FOLDER) + [path.name for path in texts if texts[path] != filled[path]]
    sys.stdout.writelines(f"{name} is not what the classes say\n" for name in names)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())

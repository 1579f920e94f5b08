"""`modelc explain`: the page of a code, or the reference of a name, in the terminal."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from modelc.cli.console import Line, Styled, columns, refuse, say
from modelc.cli.plugins import PluginNames, enable
from modelc.compiler.diagnostics.command_line import command, shell_word

if TYPE_CHECKING:
    from modelc.compiler.diagnostics.catalog import Page
    from modelc.compiler.explain.entries import Argument, Entry
    from modelc.compiler.explain.keys import KeyPage, SectionPage

CODE = re.compile(r"[EW]\d{3}")
GROUPS = {
    "E0": "text",
    "E1": "names and types",
    "E2": "references",
    "E3": "shapes and dtypes",
    "E4": "data",
    "E5": "training and resources",
    "E6": "runs and files",
    "W9": "warnings",
}
WIDTH = 100
"""Texts are not set wider than this, however wide the terminal is."""


def explain(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE|NAME",
            help="A code such as E301, a layer, loss, ..., or a key of a spec: train, residual, ...",
        ),
    ] = None,
    plugins: PluginNames = None,
) -> None:
    """Explain an error code, a key, an argument, or anything that a spec can name. Without NAME, list them all."""
    enable(plugins)
    if name is None:
        say(*overview())
        return
    # As it is copied from code: `x.to(device)`.
    name = name.partition("(")[0] or name
    if CODE.fullmatch(name.upper()):
        from modelc.compiler.diagnostics.catalog import codes, page

        if name.upper() not in codes():
            near = [code for code in codes() if code[:2] == name[:2].upper()]
            advice = f"codes with the same prefix: {', '.join(near)}" if near else "`modelc explain` lists all codes"
            refuse(f"there is no code `{name}`", helps=(advice,))
        say(*show_page(page(name.upper())))
        return

    from modelc.compiler.explain.entries import arguments_called, entries, values_called
    from modelc.compiler.explain.functions import FUNCTION_PAGES
    from modelc.compiler.explain.keys import key_names, key_pages, section_page
    from modelc.compiler.language.suggestions.suggest import suggest

    section = section_page(name)
    if section is not None:
        say(*show_section(section))
        return
    found, pages = entries(name), key_pages(name)
    blocks = [show_entry(entry) for entry in found] + ([show_key(name, pages)] if pages else [])
    if name in FUNCTION_PAGES:
        blocks.append(show_function(name))
    if not found and not plugin_with(name):
        if owners := arguments_called(name):
            blocks.append(listing(f"{name}  an argument of", list(owners)))
        is_near_key = not blocks and suggest(name, key_names()).is_safe
        if (pages or not blocks) and not is_near_key and (owners := values_called(name)):
            blocks.append(listing(f"{name}  a value of", list(owners)))
        blocks = blocks or list(elsewhere(name))
    if not blocks:
        refuse(f"there is nothing called `{name}`", helps=(advice_about(name),))
    say(*apart(blocks))


def elsewhere(name: str) -> Iterator[list[Line]]:
    """What a word of another framework is here: an entry of another name, or parts of a spec."""
    from modelc.compiler.explain.counterparts import counterparts_of
    from modelc.compiler.explain.entries import entries, named_elsewhere
    from modelc.compiler.explain.foreign_words import foreign_word
    from modelc.compiler.explain.keys import key_names, key_pages, section_page
    from modelc.compiler.language.suggestions.suggest import as_ways, suggest
    from modelc.compiler.library.base.registry import bare
    from modelc.compiler.library.registries import TABLES

    same, last = named_elsewhere(name), name.rpartition(".")[2]
    if same is None and last != name and entries(last):
        # Written with the module that it is in there, such as `ops.abs`.
        same = last
    if same is not None:
        ways = ((table, table.find(same).arguments_of_word(bare(name))) for table in TABLES if same in table)
        written = next((as_ways(table, same, None, way) for table, way in ways if way), f"`{same}`")
        yield [f"`{name}` is {written} here."]
        for entry in entries(same):
            yield show_entry(entry)
    rows = counterparts_of(name)
    key = suggest(last, key_names())
    if same is None and not rows and key.is_synonym and key.new != last:
        yield [f"`{name}` is `{key.new}` here."]
        yield show_section(page) if (page := section_page(key.new)) else show_key(key.new, key_pages(key.new))
    elif same is None and not rows and (text := foreign_word(name)):
        yield [Styled("strong", name), *body_lines(text)]
    for framework in dict.fromkeys(framework for framework, _ in rows):
        lines: list[Line] = [(Styled("strong", name), f"  (in {framework})")]
        for row in (row for whose, row in rows if whose == framework):
            lines += ["", f"  {row.there}"]
            if row.here:
                lines.append(f"      here: {row.here}")
            if row.note:
                lines += body_lines(row.note)
        yield lines


def advice_about(name: str) -> str:
    """What to do about a name that nothing has."""
    from modelc.compiler.explain.entries import arguments_called, entries, suggest_entry
    from modelc.compiler.explain.keys import key_names, key_pages, section_page
    from modelc.compiler.language.suggestions.suggest import suggest

    if plugin := plugin_with(name):
        return f"the installed plug-in `{plugin}` has it: add `--plugin {shell_word(plugin)}`"
    last = name.rpartition(".")[2]
    close: str | None
    if last != name and (entries(last) or key_pages(last) or section_page(last) or arguments_called(last)):
        close = last
    else:
        key = suggest(last, key_names())
        close = key.new if key.is_safe else suggest_entry(last)
    return f"did you mean `{command('explain', close)}`?" if close else "`modelc explain` lists all codes and names"


def plugin_with(name: str) -> str | None:
    """An installed plug-in that provides `name`."""
    from modelc.compiler.library.base.plugin_metadata import plugins_with
    from modelc.compiler.library.registries import TABLES

    return next((plugin for table in TABLES for plugin in plugins_with(table.kind, name)), None)


def text_width() -> int:
    return min(columns() or WIDTH, WIDTH)


def apart(blocks: Iterable[Iterable[Line]]) -> list[Line]:
    """The lines of all blocks, with an empty line between two."""
    lines: list[Line] = []
    for block in blocks:
        lines += [*([""] if lines else []), *block]
    return lines


def overview() -> list[Line]:
    """All codes and names, a line each, in groups."""
    from modelc.compiler.diagnostics.catalog import codes, page
    from modelc.compiler.explain.entries import headline, names, plural

    blocks = []
    for prefix, title in GROUPS.items():
        lines = [(code, page(code).title) for code in codes() if code.startswith(prefix)]
        blocks.append(listing(f"{prefix}xx  {title}", lines))
    for kind, found in names().items():
        blocks.append(listing(plural(kind), [(name, headline(kind, name)) for name in found]))
    return apart(blocks)


def listing(title: str, lines: list[tuple[str, str]]) -> list[Line]:
    label = max(len(name) for name, _ in lines)
    texts = [" ".join(text.split()) for _, text in lines]
    if columns() is not None:
        texts = [textwrap.shorten(text, max(text_width() - label - 4, 20), placeholder=" ...") for text in texts]
    rows = [f"  {name:<{label}}  {text}".rstrip() for (name, _), text in zip(lines, texts, strict=True)]
    return [Styled("strong", title), *rows]


def show_page(page: "Page") -> list[Line]:
    """The page of a code, followed by the problems of its wrong spec."""
    lines: list[Line] = [Styled("strong", f"{page.code}: {page.title}"), ""]
    fenced = False
    for line in page.text.removesuffix("\n").split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        elif line.startswith("## ") and not fenced:
            if line == "## Right" and page.wrong:
                lines += [*printed_problems(page), ""]
            lines.append(Styled("strong", line.removeprefix("## ")))
        else:
            lines.append(f"    {line}".rstrip() if fenced else line)
    return lines


def printed_problems(page: "Page") -> list[Line]:
    """What `modelc validate` prints for the wrong spec of the page."""
    from modelc.compiler.api import check
    from modelc.compiler.diagnostics.render.report import Report
    from modelc.compiler.diagnostics.render.text import text

    checked = check(page.wrong, "spec.yaml")
    shown = text(Report([problem for problem in checked.problems if problem.code == page.code], checked.sources))
    rows = (f"    {line}".rstrip() for line in shown.rstrip().split("\n"))
    return [Styled("strong", "What modelc says"), "", *rows]


def show_section(page: "SectionPage") -> list[Line]:
    """The keys of a section of a spec."""
    keys = [(key, f"{text} Required." if key in page.required else text) for key, text in page.keys.items()]
    return apart(
        [
            [(Styled("strong", page.name), "  (section)")],
            [f"  {page.headline}"],
            listing("Keys", keys),
            titled("Example", page.example.rstrip().split("\n")),
        ]
    )


def show_key(name: str, pages: "tuple[KeyPage, ...]") -> list[Line]:
    """A key of a spec, in every place where it is allowed."""
    from modelc.compiler.explain.keys import key_example

    blocks: list[list[Line]] = [[(Styled("strong", name), "  (key)")]]
    for page in pages:
        blocks.append([f"  {page.where}", *body_lines(page.description)])
        if page.keys:
            blocks.append(listing("Keys", list(page.keys.items())))
    if example := key_example(name):
        blocks.append(titled("Example", example.split("\n")))
    return apart(blocks)


def show_function(name: str) -> list[Line]:
    """A function of expressions."""
    from modelc.compiler.explain.functions import FUNCTION_PAGES

    page = FUNCTION_PAGES[name]
    head: list[Line] = [(Styled("strong", page.call), "  (in expressions)")]
    return apart([[*head, *body_lines(page.description)], titled("Example", [page.example])])


def show_entry(entry: "Entry") -> list[Line]:
    """The reference of one entry."""
    kind = f"{entry.kind}, also a layer" if entry.kind == "activation" else entry.kind
    blocks: list[Iterable[Line]] = [[(Styled("strong", entry.name), f"  ({kind})")], indented(entry.doc)]
    if entry.arguments:
        rows = (row for argument in entry.arguments for row in show_argument(argument))
        blocks.append([Styled("strong", "Arguments"), *rows])
        if entry.primary:
            blocks.append(
                [f"A bare value is `{entry.primary}`: `{entry.name}: ...` is `{entry.name}: {{{entry.primary}: ...}}`."]
            )
    if entry.inputs and entry.inputs != ("x",):
        blocks.append(titled("Inputs", ["; ".join(entry.inputs)]))
    if len(entry.ports) > 1:
        blocks.append(titled("Outputs", [", ".join(entry.ports)]))
    if entry.masks:
        blocks.append(titled("Masks", [entry.masks]))
    if entry.precision:
        blocks.append(titled("Under mixed_bfloat16", [entry.precision]))
    if entry.example:
        blocks.append(titled("Example", entry.example.rstrip().split("\n")))
    if entry.same:
        blocks.append(titled("Equivalents", [f"{framework}: {name}" for framework, name in entry.same]))
    if entry.spellings:
        blocks.append(titled("Also called", [", ".join(entry.spellings)]))
    if entry.related:
        blocks.append(titled("Related names, with other values or another form", [", ".join(entry.related)]))
    return apart(blocks)


def titled(title: str, lines: list[str]) -> list[Line]:
    """A title above indented lines."""
    return [Styled("strong", title), *(f"  {line}".rstrip() for line in lines)]


def show_argument(argument: "Argument") -> list[str]:
    default = "required" if argument.default is None else f"default {argument.default}"
    head = f"  {argument.name}: {argument.takes}; {default}"
    return [head, *body_lines(argument.description)]


def body_lines(text: str) -> list[str]:
    return textwrap.wrap(text, text_width(), initial_indent=" " * 6, subsequent_indent=" " * 6)


def indented(doc: str) -> list[Line]:
    """A docstring, its paragraphs wrapped to the width of the terminal; indented paragraphs stay unchanged."""
    paragraphs = []
    for paragraph in doc.split("\n\n"):
        rows = paragraph.split("\n")
        if any(line.startswith(" ") for line in rows):
            paragraphs.append([f"  {line}".rstrip() for line in rows])
        else:
            text = " ".join(paragraph.split())
            paragraphs.append(
                textwrap.wrap(text, text_width(), initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
            )
    return apart(paragraphs)

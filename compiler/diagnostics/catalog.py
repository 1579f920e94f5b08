"""The pages of the error codes, one Markdown file for each code in `codes/`, as `modelc explain` prints them.

Their YAML blocks are tests: the wrong one gives exactly its code, the right one no problem.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

BLOCK = re.compile(r"^## (Wrong|Right)\n+```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """One code: `text` is all below the title, as Markdown; `wrong` and `right` are its specs, empty if it has none."""

    code: str
    title: str
    text: str
    wrong: str
    right: str


@cache
def codes() -> tuple[str, ...]:
    """All codes, sorted."""
    folder = files("modelc.compiler.diagnostics") / "codes"
    return tuple(sorted(file.name.removesuffix(".md") for file in folder.iterdir() if file.name.endswith(".md")))


@cache
def page(code: str) -> Page:
    """The page of `code`. Raises KeyError for a code that does not exist."""
    if code not in codes():
        raise KeyError(code)
    markdown = (files("modelc.compiler.diagnostics") / "codes" / f"{code}.md").read_text(encoding="utf-8")
    heading, _, text = markdown.partition("\n")
    blocks = dict(BLOCK.findall(markdown))
    title = heading.removeprefix(f"# {code}: ")
    return Page(code, title, text.strip(), blocks.get("Wrong", ""), blocks.get("Right", ""))

"""Reference pages of sections and keys, made from the grammar: `modelc explain train`, `modelc explain residual`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from modelc.compiler.language.grammar import LANGUAGE, SECTIONS
from modelc.compiler.language.layer_grammar import RECURRING
from modelc.compiler.language.shapes import Again, Either, Items, Keys, Names, Shape, Thing
from modelc.compiler.language.suggestions.wording import article

EXAMPLE = """\
modelc: 1
model:
  inputs: {image: {shape: [8, 8]}}
  layers:
    - flatten
    - dense: {units: 64, activation: relu}
    - dense: {units: 10, activation: softmax}
      name: digit
data:
  source: digits
  inputs: {image: {array: image}}
  targets: {digit: {category: label}}
  validation: 0.2
train:
  loss: cross_entropy
  metrics: [accuracy]
  optimizer: {adam: {learning_rate: 0.001}}
  epochs: 20
  early_stopping: 5
"""
"""A whole valid spec; each section shows its part of it."""


@dataclass(frozen=True, slots=True)
class SectionPage:
    """One section: its keys with their descriptions, and its lines of the example."""

    name: str
    headline: str
    keys: Mapping[str, str]
    required: tuple[str, ...]
    example: str


def section_page(name: str) -> SectionPage | None:
    """The section called `name`, or None where there is none."""
    shape = SECTIONS.get(name)
    if shape is None:
        return None
    lines = EXAMPLE.splitlines(keepends=True)
    start = lines.index(f"{name}:\n")
    end = next((place for place in range(start + 1, len(lines)) if lines[place][0] != " "), len(lines))
    keys = {key: below.description for key, below in shape.keys.items()}
    return SectionPage(name, shape.description, keys, shape.required, "".join(lines[start:end]))


@dataclass(frozen=True, slots=True)
class KeyPage:
    """One place of a key: where it stands, in words, what it is, and the keys below it with their descriptions."""

    where: str
    description: str
    keys: Mapping[str, str]


def key_pages(name: str) -> tuple[KeyPage, ...]:
    """The places of the key called `name`, each once; none where the language has no such key."""
    found = [
        KeyPage(where, shape.description, {key: inner.description for key, inner in keys_below(shape).items()})
        for where, key, shape in keys_in(LANGUAGE, ())
        if key == name
    ]
    return tuple(page for place, page in enumerate(found) if page not in found[:place])


KEY_EXAMPLES: Mapping[tuple[str, ...], str] = {
    ("index", "repeat", "times"): '- dense: "${8 * (i + 1)}"\n  repeat: {times: 3, index: i}',
    ("tied",): "- dense: 8\n  repeat: {times: 3, tied: true}",
    ("residual",): "- residual: [layer_norm, dense: 8]",
    ("shortcut",): "- residual: {layers: [dense: 4, relu], shortcut: [dense: 4]}",
    ("branches", "join", "parallel"): "- parallel: {join: concatenate, branches: {narrow: [dense: 4], same: []}}",
}
"""Items of a list of layers in which keys stand, by these."""


def key_example(name: str) -> str:
    """An item of a list of layers with the key; empty where there is none."""
    return next((example for keys, example in KEY_EXAMPLES.items() if name in keys), "")


def key_names() -> set[str]:
    """All keys of the language."""
    return {key for _, key, _ in keys_in(LANGUAGE, ())}


def keys_in(shape: Shape | None, around: tuple[str, ...]) -> Iterator[tuple[str, str, Shape]]:
    """Every key in `shape`: where it is, in words, its name, and what it takes; `around` has the shapes it is in."""
    nested: list[Shape | None] = []
    found: list[tuple[str, str, Shape]] = []
    if isinstance(shape, Again):
        if shape.name not in around:
            yield from keys_in(RECURRING[shape.name], (*around, shape.name))
        return
    if isinstance(shape, Keys):
        found = [(f"in {shape.what}", key, inner) for key, inner in shape.keys.items()]
    elif isinstance(shape, Thing):
        kind = article(shape.table.kind)
        for key, inner in (*shape.siblings.items(), *shape.others.items()):
            beside = key in shape.siblings
            found.append((f"beside {kind}" if beside else f"in place of {kind}", key, inner))
    elif isinstance(shape, Names | Items):
        nested = [shape.of]
    elif isinstance(shape, Either):
        nested = [shape.mapping, shape.items]
    yield from found
    for part in [*(inner for _, _, inner in found), *nested]:
        yield from keys_in(part, around)


def keys_below(shape: Shape | None) -> Mapping[str, Shape]:
    """The keys that stand below a key of `shape`, or below each name that it has."""
    mapping = shape.mapping if isinstance(shape, Either) else shape
    if isinstance(mapping, Thing):
        return {**mapping.others, **mapping.siblings} if mapping.others else {}
    nested = mapping.of if isinstance(mapping, Names) else mapping
    return nested.keys if isinstance(nested, Keys) else {}

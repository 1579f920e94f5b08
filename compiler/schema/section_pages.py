"""The sections of a spec, as `modelc explain train` tells of them: their keys from the grammar, and an example."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelc.compiler.schema.grammar import Keys, language

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
    shape = sections().get(name)
    if shape is None:
        return None
    lines = EXAMPLE.splitlines(keepends=True)
    start = lines.index(f"{name}:\n")
    end = next((place for place in range(start + 1, len(lines)) if lines[place][0] != " "), len(lines))
    keys = {key: below.description for key, below in shape.keys.items()}
    return SectionPage(name, shape.description, keys, shape.required, "".join(lines[start:end]))


def section_of(key: str) -> str | None:
    """The first section that has `key`, or None where none has."""
    return next((name for name, shape in sections().items() if key in shape.keys), None)


def sections() -> dict[str, Keys]:
    return {name: shape for name, shape in language().keys.items() if isinstance(shape, Keys)}

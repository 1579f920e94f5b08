"""Key paths: the steps that they name, and trees with another end of them."""

import pytest

from modelc.compiler.expansion.key_path import shape_below, steps_along, with_end
from modelc.compiler.expansion.source_tree import SourceNode, entries_of, tree
from modelc.compiler.language.grammar import LANGUAGE
from modelc.compiler.language.shapes import Keys, Shape, Thing
from modelc.compiler.syntax.document import read

SPEC = """\
modelc: 1
vars: {wide: {dense: 9, name: w}, sizes: [4, 5]}
model:
  inputs: {x: {shape: [4]}}
  layers: [dense: 3, relu, {dense: 2, name: last}, $wide, dense]
  nothing:
"""


def root() -> SourceNode:
    document, problems = read(SPEC, "spec.yaml")
    assert document is not None and not problems
    return tree(document)


def keys(path: str) -> list[str | int]:
    """The keys and indices of the steps that a path names."""
    spec = root()
    return [key for _, key in steps_along(spec, path.split("."), entries_of(spec.get("vars")))[0]]


@pytest.mark.parametrize(
    ("segment", "index"), [("0", 0), ("dense", 0), ("relu", 1), ("last", 2), ("w", 3), ("dense_2", 4), ("4", 4)]
)
def test_items_go_by_index_name_and_type(segment: str, index: int) -> None:
    assert keys(f"model.layers.{segment}") == ["model", "layers", index]


@pytest.mark.parametrize(
    "path", ["model.layers.5", "model.layers.wide", "model.layers.²", "model.layers.-1", "model.layers.x"]
)
def test_a_path_is_followed_as_far_as_it_exists(path: str) -> None:
    assert keys(f"{path}.dense") == ["model", "layers"]


def test_nothing_is_inside_of_a_scalar() -> None:
    assert keys("model.nothing.more") == ["model", "nothing"] and keys("modelc.1") == ["modelc"]


def test_another_end_changes_nothing_else() -> None:
    spec = root()
    steps, end = steps_along(spec, ["vars", "sizes", "1"], {})
    *before, (sizes, index) = steps
    changed = with_end(steps, SourceNode("scalar", 7, end.at))
    assert changed.data == {**spec.data, "vars": {**spec.data["vars"], "sizes": [4, 7]}}
    removed = with_end(before, sizes.with_child(index, None))
    assert removed.data["vars"]["sizes"] == [4] and spec.data["vars"]["sizes"] == [4, 5]
    assert changed.get("model") is spec.get("model")


def test_a_new_key_has_the_place_that_is_given_and_others_keep_theirs() -> None:
    spec = root()
    where = spec.content["model"][0]
    changed = spec.with_child("train", spec, where).with_child("vars", spec)
    assert changed.content["train"][0] is where and changed.content["vars"][0] is spec.content["vars"][0]
    assert "model" not in spec.with_child("model", None).content


def test_shapes_follow_keys_and_indices() -> None:
    shape: Shape | None = LANGUAGE
    for key in ("train", "metrics", 0):
        shape = shape_below(shape, key)
    assert isinstance(shape, Thing) and isinstance(shape_below(shape, "accuracy"), Keys)
    assert shape_below(shape, "no_metric") is None and shape_below(None, "train") is None
    layers = shape_below(shape_below(LANGUAGE, "model"), "layers")
    assert isinstance(shape_below(layers, 0), Thing)

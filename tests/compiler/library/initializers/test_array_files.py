"""Weights whose values are in files: read exactly, checked by their headers, and refused at their place in the spec."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import jax
import numpy as np
import pytest

import modelc
from modelc.compiler.api import check_file
from modelc.compiler.binding.array_files import with_arrays
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root, spec_root

VECTORS = np.random.default_rng(0).normal(size=(5, 3))


def spec_of(folder: Path, initializer: Any) -> Path:
    """A spec whose embedding has this initializer, in a file."""
    embedding = {"input_dim": 5, "output_dim": 3, "embeddings_initializer": {"from_file": initializer}}
    model = {"inputs": {"x": {"shape": [4], "dtype": "int32"}}, "layers": [{"embedding": embedding}]}
    path = folder / "spec.json"
    path.write_text(json.dumps({"modelc": 1, "model": model}, indent=1))
    return path


def first_values(path: Path) -> Mapping[str, Any]:
    """The initial weights of a spec's model."""
    return modelc.compile(path).init(jax.random.key(0))[0]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int8", "uint64", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_weights_are_the_values_of_the_file(tmp_path: Path, dtype: str, order: Any) -> None:
    array = np.asarray(np.abs(VECTORS * 3), dtype, order=order)
    np.save(tmp_path / "one.npy", array)
    np.savez_compressed(tmp_path / "all.npz", vectors=array, other=np.zeros(2))
    np.savez(tmp_path / "single.npz", vectors=array)
    for initializer in ("one.npy", "single.npz", {"file": "all.npz", "array": "vectors"}):
        found = first_values(spec_of(tmp_path, initializer))["embedding"]["embeddings"]
        np.testing.assert_array_equal(found, array.astype("float32"))


def test_every_copy_of_a_rolled_repeat_begins_with_them(tmp_path: Path) -> None:
    kernel = VECTORS[:3].astype("float32")
    np.save(tmp_path / "kernel.npy", kernel)
    dense = {"dense": {"units": 3, "kernel_initializer": {"from_file": "kernel.npy"}}, "repeat": 9}
    path = tmp_path / "spec.json"
    path.write_text(json.dumps({"modelc": 1, "model": {"inputs": {"x": {"shape": [3]}}, "layers": [dense]}}))
    weights = first_values(path)
    kernels = [entries["kernel"] for entries in weights.values()]
    assert len(kernels) == 9
    for found in kernels:
        np.testing.assert_array_equal(found, kernel)


@pytest.mark.parametrize(
    ("array", "initializer", "message"),
    [
        (VECTORS.T, "a.npy", "the array in 'a.npy' has the shape [3, 5], and the weight [5, 3]"),
        (VECTORS.astype(str), "a.npy", "the array in 'a.npy' holds str, and the weight is float32"),
        (VECTORS, {"file": "a.npz", "array": "b"}, "'a.npz' has no array `b`"),
        (VECTORS, "several.npz", "'several.npz' has 2 arrays"),
        (VECTORS, "slash.npz", "'slash.npz' has 2 arrays"),
        (VECTORS, {"file": "slash.npz", "array": "in/b"}, "the array `in/b` in 'slash.npz' has a `/` in its name"),
        (VECTORS, {"file": "a.npy", "array": "b"}, "'a.npy' is an .npy file, which holds one array without a name"),
        (VECTORS, "cut.npy", "the array in 'cut.npy' does not have the length in its header"),
        (VECTORS, "text.npy", "'text.npy' is no .npy or .npz file"),
        (VECTORS, "../a.npy", "the path '../a.npy' points outside the spec's folder"),
        (VECTORS, "link.npy", "the path 'link.npy' points outside the spec's folder through a symbolic link"),
        (VECTORS, "sub", "the path 'sub' is a folder, expected a regular file"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_check_finds_by_the_header_what_does_not_fit(
    tmp_path: Path, array: Any, initializer: Any, message: str
) -> None:
    folder = tmp_path / "specs"
    (folder / "sub").mkdir(parents=True)
    for place in (folder, tmp_path):
        np.save(place / "a.npy", array)
    np.savez(folder / "a.npz", a=array)
    np.savez(folder / "several.npz", a=array, b=array)
    np.savez(folder / "slash.npz", **{"a": array, "in/b": array})
    (folder / "cut.npy").write_bytes((folder / "a.npy").read_bytes()[:-1])
    (folder / "text.npy").write_text("1 2 3")
    (folder / "link.npy").symlink_to(tmp_path / "a.npy")
    (problem,) = check_file(spec_of(folder, initializer), headers=True).problems
    assert (problem.code, problem.message) == ("E405", message)
    assert problem.path[:5] == ("model", "layers", 0, "embedding", "embeddings_initializer")


def test_an_array_beside_others_that_cannot_be_read_is_read(tmp_path: Path) -> None:
    others: dict[str, Any] = {"in/b": VECTORS, "c": np.array([{}])}
    np.savez(tmp_path / "all.npz", a=VECTORS, **others)
    assert not check_file(spec_of(tmp_path, {"file": "all.npz", "array": "a"}), headers=True).problems
    np.savez(tmp_path / "one.npz", a=VECTORS)
    with ZipFile(tmp_path / "one.npz", "a") as archive:
        archive.writestr("README.txt", "made in May")
    assert not check_file(spec_of(tmp_path, "one.npz"), headers=True).problems


def test_a_file_that_is_not_there_is_found_where_it_is_read(tmp_path: Path) -> None:
    path = spec_of(tmp_path, "later.npy")
    checked = check_file(path, headers=True)
    assert checked.problems == () and checked.task is not None
    with pytest.raises(RunError, match=r"there is no file 'later\.npy'") as caught:
        with_arrays(checked.task, spec_root(path, None))
    assert caught.value.code == "E405" and caught.value.at[-1] == "from_file"


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        (np.nan, "float32", "the value at [1, 2] of the array in 'a.npy' is no finite float32"),
        (1e39, "float64", "the value at [1, 2] of the array in 'a.npy' is no finite float32"),
        (2**24 + 1, "int32", "the value at [1, 2] of the array in 'a.npy' is not exact in float32"),
        (2**63 - 1, "int64", "the value at [1, 2] of the array in 'a.npy' is not exact in float32"),
        (2**64 - 1, "uint64", "the value at [1, 2] of the array in 'a.npy' is not exact in float32"),
    ],
)
def test_a_value_that_the_weight_does_not_hold_is_refused(
    tmp_path: Path, value: float, dtype: str, message: str
) -> None:
    array = np.zeros((5, 3), dtype)
    array[1, 2] = value
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(RunError) as caught:
        first_values(spec_of(tmp_path, "a.npy"))
    assert (caught.value.code, caught.value.message) == ("E403", message)


def test_paths_begin_at_the_root_and_a_digest_tells_values_apart(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", VECTORS)
    (tmp_path / "specs").mkdir()
    path = spec_of(tmp_path / "specs", "a.npy")
    task = check_file(path, root=tmp_path).task
    assert task is not None
    root = Root(tmp_path, tmp_path)
    (first,) = with_arrays(task, root)[1].items()
    np.save(tmp_path / "a.npy", VECTORS + 1e-3)
    (other,) = with_arrays(task, root)[1].items()
    assert first[0] == other[0] == "a.npy" and first[1] != other[1] and len(first[1]) == 64


def test_a_spec_without_a_folder_says_what_it_needs() -> None:
    embedding = {"input_dim": 5, "output_dim": 3, "embeddings_initializer": {"from_file": "a.npy"}}
    model = {"inputs": {"x": {"shape": [4], "dtype": "int32"}}, "layers": [{"embedding": embedding}]}
    with pytest.raises(RunError, match="this spec is in no folder"):
        modelc.compile({"modelc": 1, "model": model})


def test_a_graph_that_is_the_same_for_all_rows_is_two_arrays(tmp_path: Path) -> None:
    edges = np.array([[0, 1, 2, 2], [1, 2, 0, 1]], "int64")
    np.savez(tmp_path / "graph.npz", edges=edges, sizes=[1.0, 2.0, 1.0])
    ids = {
        "shape": [2, 4],
        "dtype": "int32",
        "value_initializer": {"from_file": {"file": "graph.npz", "array": "edges"}},
    }
    nodes = {
        "edges": {"from": "x", "layers": [{"constant": ids}, {"split": {"indices_or_sections": 2, "axis": -2}}]},
        "start": {"from": "edges.part_0", "layers": ["flatten"]},
        "end": {"from": "edges.part_1", "layers": ["flatten"]},
        "sent": {"from": ["x", "start"], "gather": -2},
        "y": {"from": ["sent", "end"], "segment_sum": 3},
    }
    path = tmp_path / "spec.json"
    model = {"inputs": {"x": {"shape": [3, 2]}}, "nodes": nodes, "outputs": ["y"]}
    path.write_text(json.dumps({"modelc": 1, "model": model}))
    compiled = modelc.compile(path)
    params, state = compiled.init(jax.random.key(0))
    x: Any = np.random.default_rng(1).normal(size=(5, 3, 2)).astype("float32")
    arrived = np.zeros_like(x)
    for start, end in edges.T:
        arrived[:, end] += x[:, start]
    outputs, after = compiled.apply(params, state, {"x": x}, train=True, key=jax.random.key(1))
    np.testing.assert_allclose(outputs["y"], arrived, rtol=1e-6)
    np.testing.assert_array_equal(after["edges/constant"]["value"], edges)
    assert not params

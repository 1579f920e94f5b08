"""The shipped specs: all valid, and those with data trained for a few steps on made data, some of them made smaller."""

import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import modelc
from modelc.compiler.api import check_file
from modelc.compiler.graph.graph import Edge
from modelc.compiler.lowering.lower import lower
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.baselines.baseline import baselines
from modelc.runtime.baselines.baseline import fit as fit_baselines
from modelc.runtime.data.dataset import complete, read_dataset
from modelc.runtime.training.execution import choose
from modelc.runtime.training.loop import fit
from tests.compiler.library.layers.running import QUICK
from tests.compiler.library.sources.published import Server, Small, publish, small_cifar10
from tests.made_data import (
    make_cells,
    make_census,
    make_mnist,
    make_molecules,
    make_pairs,
    make_products,
    make_rentals,
    make_reviews,
    make_shakespeare,
    make_stores,
    make_tickets,
    make_translations,
)
from tests.runtime.watching import Watcher

SPECS = sorted((Path(__file__).parent.parent / "specs").glob("*.yaml"))
TRAINED = [spec for spec in SPECS if "\ntrain:" in spec.read_text(encoding="utf-8")]
SMALL = {
    "unet": ["vars.size=16", "vars.width=2"],
    "gpt": ["vars.length=16", "vars.width=16", "vars.heads=2", "vars.depth=2", "data.validation.last=100"],
    "cifar10": ["data.validation=10"],
    "swin": ["vars.patch=4", "vars.width=8", "vars.heads=2", "vars.depth=2", "data.validation=64"],
    "fnet": ["vars.length=12", "vars.vocabulary=50", "vars.width=16", "vars.depth=2"],
    "molecules": ["vars.atoms=8", "vars.bonds=14", "vars.width=8"],
    "seq2seq": ["vars.words=50", "vars.length=8", "vars.width=16"],
}
"""Settings that make a model small enough to be trained here."""


@pytest.fixture(scope="session")
def images() -> Small:
    return small_cifar10()


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory, images: Small) -> Root:
    folder = tmp_path_factory.mktemp("data")
    make_mnist(folder)
    for make in (
        make_cells,
        make_census,
        make_molecules,
        make_pairs,
        make_products,
        make_rentals,
        make_reviews,
        make_shakespeare,
        make_stores,
        make_tickets,
        make_translations,
    ):
        make(folder)
    for path, content in images.files.items():
        (folder / path).write_bytes(content)
    return Root(folder, folder)


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_a_shipped_spec_is_valid(spec: Path) -> None:
    assert check_file(spec).problems == ()


def small(name: str, *settings: str) -> tuple[Any, Any, Any]:
    """A shipped model made smaller, with its first weights and state."""
    task = check_file(SPECS[0].parent / f"{name}.yaml", settings=settings).task
    assert task is not None
    model = modelc.compile(task)
    key = jax.random.key(0)
    return (model, *jax.jit(model.init, compiler_options=QUICK)(key))


GARBAGE = """
import gc, sys
from pathlib import Path
from modelc.compiler.api import check_file
for spec in sys.argv[1:]:
    check_file(Path(spec), headers=True)
    gc.collect()
    gc.disable()
    check_file(Path(spec), headers=True)
    gc.set_debug(gc.DEBUG_SAVEALL)
    if gc.collect():
        print(spec, sorted({type(value).__name__ for value in gc.garbage}))
    gc.garbage.clear()
    gc.set_debug(0)
    gc.enable()
"""


def test_what_a_check_makes_goes_with_it() -> None:
    """Nothing waits for Python to look for cycles, which takes as long as some of the checks themselves.

    In a process of its own, since what other tests have left in this one would be counted too.
    """
    ran = subprocess.run([sys.executable, "-c", GARBAGE, *map(str, SPECS)], capture_output=True, text=True, check=True)
    assert ran.stdout == ""


def test_gpt_sees_no_later_character() -> None:
    model, params, state = small("gpt", *SMALL["gpt"])
    text = np.arange(32).reshape(2, 16)
    changed = text.copy()
    changed[:, 9:] += 5
    apply = jax.jit(lambda text: model.apply(params, state, {"text": text})[0]["next"], compiler_options=QUICK)
    now, later = np.asarray(apply(text)), np.asarray(apply(changed))
    np.testing.assert_array_equal(now[:, :9], later[:, :9])
    assert np.all(np.abs(now[:, 9:] - later[:, 9:]).max(-1) > 1e-3)


def test_bert_does_not_see_padding() -> None:
    sizes = ["vars.length=8", "vars.width=16", "vars.heads=2", "vars.depth=2", "vars.vocabulary=50"]
    model, params, state = small("bert_base", *sizes)
    text = np.where(np.arange(8) < np.array([[5], [8]]), np.arange(1, 9), 0)
    segments = np.zeros_like(text)
    other = np.where(text == 0, 1, segments)
    apply = jax.jit(
        lambda segments: model.apply(params, state, {"text": text, "segments": segments})[0], compiler_options=QUICK
    )
    found, expected = apply(other), apply(segments)
    np.testing.assert_array_equal(found["pooled"], expected["pooled"])
    np.testing.assert_array_equal(found["encoded"][0, :5], expected["encoded"][0, :5])
    assert np.abs(apply(1 - segments)["pooled"] - expected["pooled"]).max() > 1e-3


def test_padding_changes_no_molecule() -> None:
    """Bonds that are padding may lead anywhere, and atoms that are may be any other."""
    model, params, state = small("molecules", *SMALL["molecules"])
    one = {
        "element": np.array([[3, 7, 5, 0, 0, 0, 0, 0]]),
        "kind": np.where(np.arange(14) < 4, 2, 0)[None],
        "start": np.array([[0, 1, 1, 2, *range(8), 0, 1]]),
        "end": np.array([[1, 0, 2, 1, *range(8), 2, 2]]),
    }
    apply = jax.jit(lambda one: model.apply(params, state, one)[0]["passes"], compiler_options=QUICK)
    plain = {**one, **{end: np.where(np.arange(14) < 4, one[end], 0) for end in ("start", "end")}}
    np.testing.assert_array_equal(apply(one), apply(plain))
    assert np.abs(apply(one) - apply({**one, "start": one["end"], "end": one["end"]})).max() > 1e-4


def test_siamese_towers_are_one() -> None:
    model, params, state = small("siamese")
    image = np.random.default_rng(0).random((2, 28, 28), "float32")
    given = {"first": image, "second": image[::-1].copy()}
    found, _ = jax.jit(lambda given: model.apply(params, state, given), compiler_options=QUICK)(given)
    np.testing.assert_allclose(found["first_code"], found["second_code"][::-1], rtol=1e-5)
    assert np.abs(found["first_code"] - found["second_code"]).max() > 1e-3


def test_the_divergence_of_the_vae_is_that_of_normal_distributions() -> None:
    """Against the integral of p log(p / q) by sums over a fine grid, for each value of the code."""
    task = check_file(SPECS[0].parent / "vae.yaml").task
    assert task is not None
    prepared = prepare(task)
    model = lower(prepared)
    params, state = jax.jit(model.init, compiler_options=QUICK)(jax.random.key(0))
    image = np.random.default_rng(0).random((2, 28, 28), "float32")
    wanted = [Edge("mean"), Edge("log_variance"), Edge("divergence/out/sum")]
    values = jax.jit(lambda x: model.run(params, state, {"image": x}, wanted).edges, compiler_options=QUICK)(image)
    mean, log_variance, found = (np.asarray(values[edge], "float64") for edge in wanted)
    grid = np.linspace(-12, 12, 20_001)
    normal: Any = import_module("scipy.stats").norm
    p = normal(mean[..., None], np.exp(log_variance / 2)[..., None])
    expected = (p.pdf(grid) * (p.logpdf(grid) - normal.logpdf(grid))).sum(-1) * (grid[1] - grid[0])
    np.testing.assert_allclose(found, expected.sum(-1), rtol=1e-4)


@pytest.mark.parametrize("spec", TRAINED, ids=lambda path: path.stem)
def test_a_shipped_spec_trains(spec: Path, root: Root, images: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch, images, Server(0))
    task = check_file(spec, settings=["train.epochs=1", "train.batch_size=32", *SMALL.get(spec.stem, ())]).task
    assert task is not None
    task, _ = complete(task, root)
    dataset = read_dataset(task, root)
    rows = np.arange(6 * 32 + 5)
    few = replace(dataset, train=dataset.train.take(rows[rows < dataset.train.rows]))
    watcher = Watcher()
    outcome = fit(prepare(task), few, choose(task), watcher, lambda: False)
    assert outcome.step == -(-few.train.rows // 32)
    assert outcome.last is not None
    assert set(outcome.last.values) == {f"{part}/{key}" for part in ("train", "validation") for key in task.log_keys()}
    assert all(np.isfinite(value) for value in outcome.last.values.values())
    assert few.validation is not None
    scored = baselines(prepare(task), fit_baselines(task, few.train), few.validation)
    # What is compared with another value of the model, or with nothing, has none.
    assert bool(scored) == (spec.stem not in ("siamese", "vae"))
    assert {key for one in scored for key in one.values} <= set(task.log_keys())

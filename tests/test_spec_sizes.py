"""The shipped models have exactly the published numbers of parameters, and are short enough to read."""

from math import prod
from pathlib import Path

import pytest

from modelc.compiler.api import check_file
from modelc.compiler.graph import Edge
from modelc.compiler.infer import PlannedGraph

SPECS = Path(__file__).parent.parent / "specs"


def planned(name: str) -> PlannedGraph:
    task = check_file(SPECS / f"{name}.yaml").task
    assert task is not None
    return task.planned


def parameters(name: str) -> int:
    """The values in all weights and states of a shipped spec."""
    return sum(
        prod(entry.shape)
        for _, plan in planned(name).owned()
        for part in (plan.params, plan.state)
        for entry in part.values()
    )


def dense(size: int, units: int) -> int:
    return size * units + units


def conv(window: int, channels: int, filters: int) -> int:
    return dense(window * channels, filters)


def googlenet() -> int:
    """Table 1 of Szegedy et al. 2014, with biases: for each module #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj."""
    table = """
        64 96 128 16 32 32 / 128 128 192 32 96 64 / 192 96 208 16 48 64 / 160 112 224 24 64 64 / 128 128 256 24 64 64 /
        112 144 288 32 64 64 / 256 160 320 32 128 128 / 256 160 320 32 128 128 / 384 192 384 48 128 128"""
    total, channels = conv(49, 3, 64) + conv(1, 64, 64) + conv(9, 64, 192), 192
    for module in table.split("/"):
        one, reduce3, three, reduce5, five, pool = map(int, module.split())
        total += conv(1, channels, one) + conv(1, channels, reduce3) + conv(9, reduce3, three)
        total += conv(1, channels, reduce5) + conv(25, reduce5, five) + conv(1, channels, pool)
        channels = one + three + five + pool
    return total + dense(channels, 1000)


PUBLISHED = {
    "lenet": 61_706,
    "alexnet": 61_100_840,  # torchvision's `alexnet`
    "vgg16": 138_357_544,
    "googlenet": 6_998_552,
    "inceptionv3": 23_851_784,
    "resnet50": 25_636_712,
    "densenet121": 8_062_504,
    "mobilenetv2": 3_538_984,
}
BY_HAND = {"googlenet": googlenet}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_model_has_the_published_number_of_parameters(name: str) -> None:
    assert parameters(name) == PUBLISHED[name]


@pytest.mark.parametrize("name", BY_HAND)
def test_the_number_follows_from_the_paper(name: str) -> None:
    assert BY_HAND[name]() == PUBLISHED[name]


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_spec_fits_on_two_screens(spec: Path) -> None:
    assert len(spec.read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_spec_says_its_number_of_parameters(name: str) -> None:
    assert f"{PUBLISHED[name]:,}" in (SPECS / f"{name}.yaml").read_text(encoding="utf-8").partition("modelc: 1")[0]


@pytest.mark.parametrize(
    ("name", "path", "shape"),
    [
        ("alexnet", "conv2d", (55, 55, 64)),
        ("alexnet", "max_pool2d_3", (6, 6, 256)),
        ("googlenet", "Halve_2", (28, 28, 192)),
        ("googlenet", "Inception_2", (28, 28, 480)),
        ("googlenet", "Inception_7", (14, 14, 832)),
        ("googlenet", "Inception_9", (7, 7, 1024)),
    ],
)
def test_the_shapes_on_the_way_are_those_of_the_paper(name: str, path: str, shape: tuple[int, ...]) -> None:
    graph = planned(name)
    type_ = graph.type(graph.graph.ends[path]["output"] if path in graph.graph.ends else Edge(path))
    assert type_ is not None and type_.shape == shape

"""The shipped models have exactly the published numbers of parameters, or those that follow by hand; all can be read."""

from itertools import pairwise
from math import prod
from pathlib import Path

import pytest

from modelc.compiler.api import check_file
from modelc.compiler.graph.graph import Edge
from modelc.compiler.graph.typed_graph import TypedGraph

SPECS = Path(__file__).parent.parent / "specs"


def planned(name: str, *settings: str) -> TypedGraph:
    task = check_file(SPECS / f"{name}.yaml", settings=settings).task
    assert task is not None
    return task.planned


def parameters(name: str, *settings: str) -> int:
    """The values in all weights and states of a shipped spec."""
    return sum(
        prod(entry.shape)
        for _, plan in planned(name, *settings).owned()
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


def unet() -> int:
    """Figure 1 of Ronneberger et al. 2015, for one channel in and one out."""
    widths = [64, 128, 256, 512, 1024]
    down = sum(conv(9, before, after) + conv(9, after, after) for before, after in pairwise([1, *widths]))
    up = sum(
        conv(4, below, width) + conv(9, 2 * width, width) + conv(9, width, width) for width, below in pairwise(widths)
    )
    return down + up + conv(1, 64, 1)


def siamese() -> int:
    return conv(25, 1, 32) + conv(9, 32, 64) + dense(5 * 5 * 64, 120) + dense(120, 16)


def seq2seq() -> int:
    lstm = 4 * dense(2 * 256, 256)
    return 2 * 8000 * 256 + 2 * lstm + dense(2 * 256, 256) + dense(256, 8000)


def transformer(width: int) -> int:
    """One layer of Vaswani et al. 2017: four maps, two layers wide four times as much, two norms."""
    return 4 * dense(width, width) + dense(width, 4 * width) + dense(4 * width, width) + 2 * 2 * width


def bert_base() -> int:
    return (30_522 + 512 + 2 + 2) * 768 + 12 * transformer(768) + dense(768, 768)


def gpt() -> int:
    """nanoGPT's `train_shakespeare_char`: no biases anywhere, and the table of the characters once, with one for unknown ones."""
    block = 12 * 384 * 384 + 2 * 384
    return (65 + 1 + 256) * 384 + 6 * block + 384


def vit() -> int:
    return conv(16 * 16, 3, 768) + 768 + 197 * 768 + 12 * transformer(768) + 2 * 768 + dense(768, 1000)


def wide_and_deep() -> int:
    deep = 2 * 16 * 8 + dense(3 + 2 * 8, 64) + dense(64, 64)
    return deep + 2 * dense(16 * 16 + 64, 1) + 2 * 3


def vae() -> int:
    return dense(784, 400) + 2 * dense(400, 20) + dense(20, 400) + dense(400, 784)


def swin() -> int:
    return conv(4, 1, 64) + 4 * (49 * 64 + transformer(64)) + 2 * 64 + dense(64, 10)


def fnet() -> int:
    mixer = dense(128, 512) + dense(512, 128) + 2 * 2 * 128
    return (8000 + 128) * 128 + 2 * 128 + 6 * mixer + dense(128, 128) + dense(128, 5)


def molecules() -> int:
    rounds = 3 * (dense(64 + 16, 64) + dense(2 * 64, 64) + 2 * 64)
    return 20 * 64 + 5 * 16 + rounds + dense(64, 64) + dense(64, 1)


def cifar10() -> int:
    """Table 6 of He et al. 2015 with n = 3, and projections for shortcuts; four numbers for each normalized channel."""

    def convolution(window: int, before: int, after: int) -> int:
        return window * before * after + 4 * after

    total, mean_and_variance = convolution(9, 3, 16) + dense(64, 10), 2 * 3
    for before, after in pairwise([16, 16, 32, 64]):
        total += convolution(9, before, after) + 5 * convolution(9, after, after)
        total += convolution(1, before, after) if after != before else 0
    return total + mean_and_variance


NUMBERS = {
    "lenet": 61_706,
    "alexnet": 61_100_840,  # torchvision's `alexnet`
    "vgg16": 138_357_544,
    "googlenet": 6_998_552,
    "inceptionv3": 23_851_784,
    "resnet50": 25_636_712,
    "densenet121": 8_062_504,
    "mobilenetv2": 3_538_984,
    "efficientnet": 5_330_564,
    "unet": 31_030_593,
    "siamese": 213_384,
    "seq2seq": 7_333_952,
    "bert_base": 109_482_240,
    "gpt": 10_745_472,
    "vit": 86_567_656,
    "wide_and_deep": 6_344,
    "vae": 652_824,
    "swin": 213_578,
    "fnet": 1_851_141,
    "molecules": 46_289,
    "cifar10": 274_048,
}
BY_HAND = {
    "googlenet": googlenet,
    "unet": unet,
    "siamese": siamese,
    "seq2seq": seq2seq,
    "bert_base": bert_base,
    "gpt": gpt,
    "vit": vit,
    "wide_and_deep": wide_and_deep,
    "vae": vae,
    "swin": swin,
    "fnet": fnet,
    "molecules": molecules,
    "cifar10": cifar10,
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_model_has_its_number_of_parameters(name: str) -> None:
    assert parameters(name) == NUMBERS[name]


@pytest.mark.parametrize(
    ("width", "depth", "expected"), [(1.2, 1.4, 12_320_528), (1.4, 1.8, 19_466_816), (2.0, 3.1, 66_658_680)]
)
def test_efficientnet_is_scaled_as_that_of_keras(width: float, depth: float, expected: int) -> None:
    """B3, B4 and B7 of `keras.applications`, without the 7 numbers of its `Normalization`."""
    assert parameters("efficientnet", f"vars.width={width}", f"vars.depth={depth}") == expected


@pytest.mark.parametrize("name", BY_HAND)
def test_the_number_follows_from_the_paper(name: str) -> None:
    assert BY_HAND[name]() == NUMBERS[name]


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_spec_fits_on_two_screens(spec: Path) -> None:
    assert len(spec.read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("name", NUMBERS)
def test_a_spec_says_its_number_of_parameters(name: str) -> None:
    assert f"{NUMBERS[name]:,}" in (SPECS / f"{name}.yaml").read_text(encoding="utf-8").partition("modelc: 1")[0]


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

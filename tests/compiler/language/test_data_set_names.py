"""The names that others have for data sets: each is answered with the one that stands in a spec."""

import pytest

from modelc.compiler.api import check

SPEC = """\
modelc: 1
model:
  inputs: {{image: {{shape: [32, 32, 3]}}}}
  layers: [flatten, {{dense: {{units: 10, activation: softmax}}, name: kind}}]
data:
  source: {source}
  targets: {{kind: {{category: label}}}}
train: {{loss: cross_entropy, optimizer: adam, epochs: 1}}
"""


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("cifar_10", "cifar10"),
        ("CIFAR10", "cifar10"),
        ("CIFAR-10", "cifar10"),
        ("keras.datasets.cifar10", "cifar10"),
        ("torchvision.datasets.CIFAR10", "cifar10"),
        ("cifar_100", "cifar100"),
        ("fashion-mnist", "fashion_mnist"),
        ("FashionMNIST", "fashion_mnist"),
        ("fmnist", "fashion_mnist"),
        ("{tfds: cifar10}", "cifar10"),
        ("{dataset: CIFAR10}", "cifar10"),
        ("{keras: {dataset: cifar_100}}", "cifar100"),
        ("{torchvision: {name: FashionMNIST, download: true}}", "fashion_mnist"),
        ("{name: cifar10}", "cifar10"),
    ],
)
def test_the_help_has_the_name(written: str, name: str) -> None:
    problems = [problem for problem in check(SPEC.format(source=written), "spec.yaml").problems if problem.is_error]
    (problem,) = problems
    assert problem.code in ("E101", "E107")
    assert f"{name}`" in problem.helps[0]

"""What drawn specs with data and training share: inputs and targets with the layers that belong to them, in one model that is trained."""

import random
from typing import Any, NamedTuple

from tests.drawn_specs import Drawing


class Given(NamedTuple):
    """An input: the shape of a row, its reader with what stands beside it, and the layers that make a vector, or what a chain takes, of
    it. Ids are integers."""

    shape: list[Any]
    reader: Any
    layers: list[Any]
    ids: bool = False

    @property
    def type(self) -> dict[str, Any]:
        return {"shape": self.shape, **({"dtype": "int32"} if self.ids else {})}


class Wanted(NamedTuple):
    """A target: its reader with what stands beside it, the layers that end in its output, its loss and a metric, and whether rows of it
    can be mixed."""

    reader: Any
    layers: list[Any]
    loss: str
    metric: str
    mixes: bool = True


class DrawnTask(Drawing):
    """A spec with data and training while it is drawn, by random numbers of its own: Hypothesis draws many that are nearly alike."""

    def __init__(self, seed: int) -> None:
        super().__init__(lambda strategy: None)
        self.random = random.Random(seed)

    def one(self, *options: Any) -> Any:
        return self.random.choice(options)

    def chance(self) -> bool:
        return self.random.random() < 0.5

    def data(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Nothing: the data are drawn when the inputs are known; widths are not of their classes."""
        self.counts = False
        return {}, {}

    def model(self, given: dict[str, Given], wanted: Wanted) -> dict[str, Any]:
        """A chain where the only input is what it takes, else a graph whose node `x` is what a chain takes, of the first input."""
        items, _ = self.chain(4, 1)
        types = {name: one.type for name, one in given.items()}
        first, *others = given
        *head, last = wanted.layers
        last = {**(last if isinstance(last, dict) else {last: None}), "name": "y"}
        if [*given] == ["x"]:
            return {"inputs": types, "layers": [*items, *head, last]}
        nodes = {} if first == "x" else {"x": {"from": first, "layers": given[first].layers}}
        source: Any = "x"
        if others:
            nodes["seen"] = {"from": "x", "layers": [*items, "flatten"]}
            nodes |= {f"{name}s": {"from": name, "layers": [*given[name].layers, "flatten"]} for name in others}
            source, items = ["seen", *(f"{name}s" for name in others)], ["concatenate"]
        nodes["y"] = {"from": source, "layers": [*items, *wanted.layers]}
        return {"inputs": types, "nodes": nodes, "outputs": ["y"]}

    def training(self, wanted: Wanted, data: dict[str, Any]) -> dict[str, Any]:
        shuffles = {} if "sampling" in data else self.one({}, {"shuffle": False}, {"shuffle": {"blocks": 4}})
        return {
            "loss": wanted.loss,
            "optimizer": self.one({"adam": 0.01}, {"sgd": {"learning_rate": 0.001, "momentum": 0.9}}),
            "batch_size": self.one(5, 8),
            **self.one({}, {"metrics": [wanted.metric]}),
            **self.one({"epochs": 2}, {"steps": 7}),
            **shuffles,
        }

    def skips(self) -> tuple[dict[str, Any], str]:
        """What becomes of rows that cannot be read, and the name of the rows."""
        way = self.one(None, "error", "skip", "skip")
        return ({} if way is None else {"on_bad_row": way}), "torn" if way == "skip" else "whole"

    def mixtures(self, given: dict[str, Given], wanted: Wanted, *ways: str) -> list[Any]:
        """Rows that are mixed, with what can be mixed."""
        inputs = [name for name, one in given.items() if not one.ids]
        all_mix = wanted.mixes and len(inputs) == len(given)
        of = self.one({}, {"of": [*inputs, "y"]}, {"of": inputs}) if all_mix else {"of": inputs}
        return [{way: self.one(0.4, 1.0), **of} for way in ways]


def escaped(name: str) -> str:
    return name.replace("$", "$$")

"""Draws valid specs of the whole language at random, small enough to be compiled by the dozen.

A drawn spec is plain data. Widths are known while it is drawn, so that what must fit does.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
Drawn = tuple[Any, int]
"""An item of a chain, and the width that comes out of it."""

NAMES = ("cat", "$dog", "žluť, spotted")
"""The class names that drawn specs have, in the file `PATH` or as they list them."""
PATH = "names.txt"
ORDERED = ("params", "branches")
"""Mappings whose order says something: the first parameter takes a bare value, branches are joined in order."""


@st.composite
def specs(draw: Draw) -> dict[str, Any]:
    """A spec whose model is a chain or a graph."""
    return Drawing(draw).spec()


def shuffled(value: Any, seed: int) -> Any:
    """`value` with the entries of its mappings, nodes among them, in another order."""
    return shuffle(value, random.Random(seed))


def shuffle(value: Any, rng: random.Random, key: str = "") -> Any:
    if isinstance(value, list):
        return [shuffle(item, rng) for item in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    if key not in ORDERED:
        rng.shuffle(keys)
    return {name: shuffle(value[name], rng, name) for name in keys}


def parted(value: dict[str, Any], seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """`value` as a base and its overlay; some of what the overlay says is also in the base, and wrong there."""
    base, own = part(value, random.Random(seed))
    return {**base, "modelc": 1}, {**own, "modelc": 1}


def part(value: dict[str, Any], rng: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    base: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for key, entry in value.items():
        # An item and its siblings are not parted: an overlay names the item.
        whole = not isinstance(entry, dict) or not entry or key in ORDERED or entry.keys() & {"from", "layers"}
        if not whole and rng.random() < 0.7:
            base[key], own[key] = part(entry, rng)
            continue
        own[key] = entry
        if rng.random() < 0.5:
            base[key] = own.pop(key)
        elif isinstance(entry, list | int) and rng.random() < 0.5:
            base[key] = [] if isinstance(entry, list) else entry + 1
    return base, {key: entry for key, entry in own.items() if entry != {}}


@dataclass
class Drawing:
    """One spec while it is drawn. `small` is the variable that the others are made of, `deep` how far inside of others it is, `parts` how many
    chains in chains have been drawn, and `counts` whether there is data whose classes are counted."""

    draw: Draw
    small: int = 0
    counts: bool = False
    parts: int = 0
    deep: int = 0

    def one(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def chance(self) -> bool:
        return bool(self.draw(st.booleans()))

    def spec(self) -> dict[str, Any]:
        self.small = self.one(2, 3)
        self.counts = self.chance()
        data, variables = self.data() if self.counts else ({}, {})
        return {
            "modelc": 1,
            **data,
            "vars": {
                **variables,
                "small": self.small,
                "large": "${2 * small - 1}",
                "sizes": ["$large", {"odd": 5}, "${max(small, 3)}"],
                "act": self.one("tanh", {"leaky_relu": 0.1}, {"elu": {"alpha": "${1 / small}"}}),
                "times": 2,
            },
            "blocks": self.blocks(),
            "model": self.chain_model() if self.one(0, 0, 1) else self.graph_model(),
        }

    def data(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The section that names the classes of a target, in one of the ways there are, and the variables for it."""
        listed = [name.replace("$", "$$") for name in NAMES]
        ways: tuple[tuple[Any, dict[str, Any]], ...] = (
            (listed, {}),
            ({"file": PATH}, {}),
            ("$names", {"names": {"file": PATH}}),
            ("$names.1", {"names": [3, {"file": "$path"}], "path": PATH}),
            ({"file": "$path"}, {"path": PATH}),
            ("$names", {"names": listed}),
        )
        classes, variables = ways[self.one(*range(len(ways)))]
        reader: Any = {"category": {"column": "kind", "classes": classes}}
        if self.chance():
            reader, variables = "$reader", {**variables, "reader": reader}
        return {"data": {"source": {"npz": "rows.npz"}, "targets": {"kind": reader}}}, variables

    # Values: a text of the language and the number that it stands for.

    def width(self) -> tuple[Any, int]:
        if self.counts and self.one(0, 0, 0, 1):
            return "${classes(kind) + small}", len(NAMES) + self.small
        small, large = self.small, 2 * self.small - 1
        widths: tuple[tuple[Any, int], ...] = (
            (4, 4),
            ("$small", small),
            ("$large", large),
            ("$sizes.0", large),
            ("$sizes.1.odd", 5),
            ("${sizes[2] + 1}", max(small, 3) + 1),
            ("${small + 1 if large > 3 else large // 2 + 1}", small + 1 if large > 3 else large // 2 + 1),
            ("${min(large, 4) ** 1 + small % 2}", min(large, 4) + small % 2),
            ("${round(small / 2) + ceil(large / 2) + len(sizes)}", 1 + -(-large // 2) + 3 if small == 2 else 2 + 3 + 3),
            ("${max([small, 4][:1] + [large])}", max(small, large)),
            ("${sum([int(small * 1.5), abs(-2)])}", small * 3 // 2 + 2),
            ("${sizes[-3] + floor(5 / 2)}", large + 2),
        )
        return widths[self.one(*range(len(widths)))]

    def exactly(self, width: int) -> Any:
        asked = f"${{shape(x)[-1] + {width - 4}}}"
        counted = f"${{classes(kind) + {width - len(NAMES)}}}" if self.counts else width
        return self.one(counted, width, f"${{small + {width - self.small}}}", f"${{{2 * width} // times}}", asked)

    # Layers and what stands in their place.

    def blocks(self) -> dict[str, Any]:
        """Blocks that give the width of their first parameter, or keep that of their input."""
        return {
            "Body": {
                "params": {"units": "int", "act": self.one("relu", "$act"), "rate": self.one(0.25, "${1 / 4}")},
                "layers": [
                    {"dense": {"units": "$units", "activation": "$act", "use_bias": self.chance()}},
                    self.one("layer_norm", {"dropout": "$rate"}, {"dense": "${units + small}"}),
                    self.one("relu", {"dense": "${shape(input)[-1] + small - 1}"}),
                    {"dense": "$units"},
                ],
            },
            "Deep": {
                "params": {"count": self.one("int", 2)},
                "layers": [
                    {"Body": {"units": "${count + 2}", "act": "tanh"}, "repeat": "$count"},
                    {"residual": ["relu", {"dense": "${count + 2}"}]},
                    {"Body": {"units": "$large"}},
                ],
            },
            "Fork": {
                "params": {"units": "int", "large": 6},
                "inputs": ["a", "b"],
                "nodes": {
                    "both": {"from": ["a", "b"], "concatenate": -1},
                    "main": {"from": "both", "layers": ["tanh", {"Body": "$units"}]},
                    "side": {"from": self.one("a", "b"), "dense": "${units + large - 5}"},
                    "again": {"from": "main", "dense": self.one("$units", "${shape(main)[-1]}", "${shape(input)[-1]}")},
                    "twice": {"from": "again", "share": "again"},
                },
                "outputs": ["twice", "side"],
            },
        }

    def item(self, width: int) -> Drawn:
        """One item of a chain that takes `width`."""
        nested = ("residual", "around", "parallel", "layers") if self.deep < 2 else ()
        kind = self.one("dense", "same", "repeat", "repeat", "numbered", "Body", "Deep", *nested)
        if kind == "same":
            item = self.one(
                "relu",
                "layer_norm",
                "batch_norm",
                {"dropout": 0.25},
                {"activation": {"function": "$act"}},
                {"activation": {"elu": {"alpha": 0.5}}},
            )
            return item, width
        if kind == "repeat":
            times = self.one(0, 1, 3, 9, "$times", {"times": 2, "tied": True}, {"times": "$times"})
            body = self.one({"dense": self.exactly(width)}, {"residual": ["tanh", {"dense": width}]}, {"Body": width})
            return {**body, "repeat": times}, width
        if kind == "numbered":
            return self.numbered(width), width
        if kind == "Body":
            units, out = self.width()
            rated = {"Body": {"rate": "${1 / shape(x)[0]}", "units": units}}
            return self.one({"Body": units}, {"Body": {"act": "$act", "units": units}}, rated), out
        if kind == "Deep":
            return {"Deep": 1}, 2 * self.small - 1
        if kind == "residual":
            items, out = self.inner(width)
            return {"residual": [*items, *([] if out == width else [{"dense": self.exactly(width)}])]}, width
        if kind == "around":
            return self.around(width)
        if kind == "layers":
            items, out = self.inner(width)
            self.parts += 1
            beside = self.one({}, {"name": f"part{self.parts}"})
            if out == width:
                beside["repeat"] = self.one(1, 2, 9, {"times": 2, "tied": True})
            return {"layers": items, **beside}, out
        if kind == "parallel":
            return self.parallel(width)
        units, out = self.one(self.width(), ("${shape(input)[-1] + 1}", width + 1))
        return self.one({"dense": units}, {"dense": {"units": units, "activation": self.one("$act", "sigmoid")}}), out

    def numbered(self, width: int) -> Any:
        """A repeat whose copies know their number, of which some are alike."""
        body = self.one(
            {"dense": "${shape(input)[-1] + 0 * i}"},
            {"residual": ["tanh", {"dense": "${i + 2}"}, {"dense": self.exactly(width)}]},
            {"Body": {"units": width, "rate": "${(i + 1) / 16}"}},
            {
                "layers": [
                    {"dense": "${[3, 5][i % 2] + j}", "repeat": {"times": "${i % 3}", "index": "j"}},
                    {"dense": width},
                ]
            },
            {
                "layers": [
                    {"dense": "${3 + j}", "repeat": {"times": 2, "index": "j"}},
                    {"dense": "${shape(input)[-1] + i}"},
                    {"dense": width},
                ]
            },
        )
        return {**body, "repeat": {"times": self.one(0, 1, 3, 9, "$times"), "index": "i"}}

    def each_step(self, width: int) -> Any:
        """A wrapper around one layer or several, which keeps the number of steps."""
        return self.one(
            {"time_distributed": [{"dense": 4}, "tanh", {"dense": {"units": "$small", "activation": "$act"}}]},
            {"time_distributed": {"dense": self.exactly(width)}},
            {"bidirectional": {"gru": {"units": 2, "return_sequences": True}, "merge_mode": "sum"}},
        )

    def around(self, width: int) -> Drawn:
        """A residual whose input is projected, or joined in another way."""
        items, out = self.inner(width)
        if out == width and self.chance():
            return {"residual": {"join": self.one("multiply", "average"), "layers": items}}, width
        if self.chance():
            return {
                "residual": {"layers": items, "join": {"concatenate": -1}, **self.one({}, {"shortcut": []})}
            }, out + width
        return {
            "residual": {"layers": items, "shortcut": [self.one("tanh", "relu"), {"dense": self.exactly(out)}]}
        }, out

    def parallel(self, width: int) -> Drawn:
        first, out = self.inner(width)
        if self.chance():
            return {"parallel": {"join": "concatenate", "branches": {"one": first, "none": []}}}, out + width
        to = {"dense": self.exactly(width)}
        return {"parallel": {"join": self.one("add", "multiply"), "branches": {"none": [], "one": [*first, to]}}}, width

    def inner(self, width: int) -> tuple[list[Any], int]:
        self.deep += 1
        items, width = self.chain(width, self.one(1, 2))
        self.deep -= 1
        return items, width

    def chain(self, width: int, length: int) -> tuple[list[Any], int]:
        items = []
        for _ in range(length):
            item, width = self.item(width)
            items.append(item)
        return items, width

    # Models.

    def chain_model(self) -> dict[str, Any]:
        items, width = self.chain(4, self.one(2, 3))
        last = {"dense": self.exactly(width), "name": "end"}
        return {"inputs": {"x": {"shape": [4]}}, "layers": [*items, last, *self.one([], [{"share": "end"}])]}

    def graph_model(self) -> dict[str, Any]:
        """Nodes of which each takes values that are there, and one that takes all that nothing else takes."""
        known = {"x": 4, "y": 3}
        loose = dict.fromkeys(known)
        nodes: dict[str, Any] = {}
        kinds = [self.one("item", "chain", "share", "several", "Fork", "ports") for _ in range(self.one(2, 3, 4))]
        for index, kind in enumerate(kinds):
            name = f"n{(7 * index + 3) % 10}"
            source = self.one(*known)
            width = known[source]
            like = [other for other in known if known[other] == width]
            shareable = [node for node, body in nodes.items() if body.get("from") in like]
            used = [source]
            if kind == "share" and shareable:
                shared = self.one(*shareable)
                nodes[name], out = {"from": source, "share": shared}, known[shared]
            elif kind == "several":
                used.append(self.one(*like))
                nodes[name], out = {"from": used, self.one("add", "average"): None, "repeat": self.one(1, 2, 9)}, width
            elif kind == "Fork":
                used.append(self.one(*known))
                given = self.one(list(used), {"a": used[0], "b": used[1]})
                units, out = self.width()
                nodes[name] = {"from": given, "Fork": units}
                known[f"{name}.side"] = out + 1
            elif kind == "ports":
                nodes[name] = {"from": source, "layers": [{"reshape": [1, width]}, self.each_step(width), {"lstm": 3}]}
                known[f"{name}.state_c"] = out = 3
            elif kind == "chain":
                items, out = self.chain(width, self.one(1, 2))
                nodes[name] = {"from": source, "layers": items}
            else:
                item, out = self.item(width)
                item = item if isinstance(item, dict) else {item: None}
                nodes[name] = {"from": source, **{key: value for key, value in item.items() if key != "name"}}
            known[name] = out
            loose[name] = None
            for one in used:
                loose.pop(one.partition(".")[0], None)
        ends = [*loose]
        if len(ends) > 1:
            nodes["all"] = {"from": ends, "concatenate": None}
        last = "all" if len(ends) > 1 else ends[0]
        # By names of their own: a list may not have a node and a port of it.
        ports = [one for one in known if "." in one]
        outputs = {"end": last, "port": ports[0]} if ports else {"end": last}
        return {"inputs": {"x": {"shape": [4]}, "y": {"shape": [3]}}, "nodes": nodes, "outputs": outputs}

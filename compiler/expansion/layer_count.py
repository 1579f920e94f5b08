"""How many layers a model has once its blocks, repeats and shares are expanded: counted before anything is built.

A text of a few hundred bytes, blocks that use each other twice, can stand for more layers than there is memory for. The
numbers are multiplied along the uses, each definition counted once, so that this takes no longer than reading the text.
"""

from collections.abc import Callable, Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Label, Path, Problem
from modelc.compiler.expansion.scope import parse_reference
from modelc.compiler.expansion.source_tree import index_in
from modelc.compiler.language.ast import LARGEST_REPEAT, MAX_LAYERS, Layers, Parallel, Residual, Share
from modelc.compiler.language.item_names import item_names
from modelc.compiler.language.layer_grammar import ITEM, NODE
from modelc.compiler.syntax.document import Document

MOST = 10**15
"""Larger numbers count as this one."""
DEEPEST = 40
"""Blocks and variables inside each other; deeper ones are refused elsewhere."""


def check_layers(document: Document) -> Problem | None:
    """The problem with a model that has too many layers, at the first one beyond the limit; None where it has not."""
    counter = Counter(document.data)
    count, beyond = counter.model(document.data.get("model"))
    path: Path = ("model", *beyond)
    # Blocks that are not used are expanded too, for their errors.
    for name in [name for name in counter.blocks if name not in counter.of_blocks]:
        count += counter.block(name)
        path = ("blocks", name) if count > MAX_LAYERS and path == ("model",) else path
    return None if count <= MAX_LAYERS else too_many_layers(count, document, path)


def too_many_layers(count: int, document: Document, path: Path) -> Problem:
    """The problem with a model of `count` layers, shown at `path`."""
    shown = f"{count:,}" if count < MOST else f"more than {MOST:,}"
    message = (
        f"with its blocks and repeats expanded, the spec has {shown} layers and blocks, the limit is {MAX_LAYERS:,}"
    )
    label = Label(document.value(path), "the limit is reached here")
    return Problem("E005", message, label, helps=("repeat fewer times, and use blocks less often",), path=path)


class Counter:
    """Counts the layers of one file, whose definitions are in the spec `data`. What is no model counts as one layer."""

    def __init__(self, data: Mapping[str, Any], depth: int = 0) -> None:
        self.variables = mapping(data.get("vars"))
        self.blocks = mapping(data.get("blocks"))
        self.depth = depth
        self.of_blocks: dict[str, int] = {}
        self.around: list[tuple[Mapping[str, Any], dict[str, int]]] = []
        """What `share` may name in the graphs and chains around, with the layers of those that are shared; innermost last."""

    def model(self, raw: Any, output: Any = None) -> tuple[int, Path]:
        """The layers of a model or of the body of a block up to its node `output`, and where the limit is reached."""
        body = mapping(self.value(raw))
        total, beyond = 0, Path()
        for key in ("layers", "nodes"):
            named = self.named(self.value(body.get(key)))
            self.around.append((named, {}))
            for place, (name, part) in enumerate(named.items()):
                total += self.item(part)
                if total > MAX_LAYERS and not beyond:
                    beyond = (key, place if key == "layers" else name)
                if key == "layers" and name == output:
                    break
            self.around.pop()
        return min(total, MOST), beyond

    def items(self, raw: Any) -> int:
        """The layers of a list."""
        found = self.value(raw)
        return min(sum(map(self.item, found)), MOST) if isinstance(found, list) else 0

    def item(self, raw: Any) -> int:
        """One item of a list, or one node, with all its copies."""
        found = self.value(raw)
        if isinstance(found, str):
            return 1 + self.block(found)
        count = 1
        for key, value in mapping(found).items():
            if key in (Layers.key, Residual.key):
                inside = self.value(value)
                parts = inside.values() if isinstance(inside, Mapping) else [inside]
                count += sum(map(self.items, parts))
            elif key == Parallel.key:
                branches = mapping(self.value(mapping(self.value(value)).get("branches")))
                count += sum(map(self.items, branches.values()))
            elif key == Share.key:
                # It is what it shares, and nothing around it.
                count += max(self.shared(value) - 1, 0)
            elif key in self.blocks:
                count += self.block(key)
        return min(count * self.times(mapping(found).get("repeat")), MOST)

    def block(self, name: str) -> int:
        """The layers of one use of a block."""
        definition = mapping(self.blocks.get(name))
        if isinstance(definition.get("use"), Mapping):
            spec, output = definition["use"], definition.get("output")
            inside = Counter(spec, self.depth + 1)
            return self.once(self.of_blocks, name, lambda: inside.model(spec.get("model"), self.value(output))[0])
        return self.once(self.of_blocks, name, lambda: self.model(definition)[0]) if definition else 0

    def shared(self, name: Any) -> int:
        """The layers of the node whose weights an item shares."""
        names, known = self.around[-1] if self.around else ({}, {})
        return self.once(known, name, lambda: self.item(names[name])) if isinstance(name, str) and name in names else 0

    def once(self, known: dict[str, int], name: str, count: Callable[[], int]) -> int:
        """The count for `name`, computed once; 0 inside of itself."""
        if name not in known:
            known[name] = 0
            if self.depth < DEEPEST:
                self.depth += 1
                known[name] = count()
                self.depth -= 1
        return known[name]

    def value(self, raw: Any) -> Any:
        """`raw`, or what it stands for if it is a reference to a variable of the file."""
        for _ in self.variables:
            name, steps = parse_reference(raw) or ("", [])
            if name not in self.variables:
                break
            raw = self.variables[name]
            for step in steps:
                raw = entry(raw, step)
        return raw

    def times(self, raw: Any) -> int:
        """How many copies a `repeat` asks for; one where it cannot be known here, or is refused elsewhere."""
        found = self.value(raw)
        found = self.value(found.get("times")) if isinstance(found, Mapping) else found
        known = isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= LARGEST_REPEAT
        return found if known else 1

    def named(self, raw: Any) -> Mapping[str, Any]:
        """The nodes of a graph, or the items of a chain, by name; a name that is there already is told from the first."""
        if not isinstance(raw, list):
            return mapping(raw)
        names = item_names([name_and_kind(item, index) for index, item in enumerate(raw)])
        taken: dict[str, Any] = {}
        for index, (name, item) in enumerate(zip(names, raw, strict=True)):
            taken[name if name not in taken else f"{name}.{index}"] = item
        return taken


def name_and_kind(item: Any, index: int) -> tuple[str | None, str]:
    """An item's own name, if it has one, and its type."""
    if isinstance(item, str):
        return None, item
    entries = mapping(item)
    name = entries.get("name")
    kind = next((key for key in entries if key not in ITEM.siblings and key not in NODE.siblings), f"item_{index}")
    return name if isinstance(name, str) else None, kind


def mapping(raw: Any) -> Mapping[str, Any]:
    """`raw` if it is a mapping, else an empty one."""
    return raw if isinstance(raw, Mapping) else {}


def entry(raw: Any, step: str) -> Any:
    """The entry `step` of a list or a mapping; None where there is none."""
    if isinstance(raw, list):
        index = index_in(step, raw)
        return None if index is None else raw[index]
    return mapping(raw).get(step)

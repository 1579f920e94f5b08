"""Builds texts that cost much to check within the budgets of size: many lines, blocks that double, files that include others."""

import json
from collections.abc import Mapping

HEAD = "modelc: 1\n"
INPUT = "  inputs: {x: {shape: [4]}}\n"
BUDGET = 256 * 1024

Files = Mapping[str, str]
"""The texts of a spec, by file name: `spec.yaml`, or `spec.json`, and what it extends and uses."""


def chain(items: str, head: str = "") -> str:
    """A spec of a chain whose `layers` are `items`."""
    return f"{HEAD}{head}model:\n{INPUT}  layers: {items}\n"


def cut(line: str, head: str, size: float, *, tail: str = "") -> str:
    """`head`, then as many of the lines that `line` makes of a number as fit into `size` of the budget, then `tail`."""
    lines, left, number = [head], int(size * (BUDGET - 200)) - len(head) - len(tail), 0
    while left > 0:
        lines.append(line.format(number, number + 1, number // 2))
        left -= len(lines[-1])
        number += 1
    return "".join([*lines[:-1], tail])


def doubling(times: int, last: str, use: str = "[{0}, {0}]") -> str:
    """Blocks of which each uses the next one twice, around the item `last`."""
    blocks = [f"  B{index}: {{layers: {use.format(f'B{index + 1}')}}}\n" for index in range(times)]
    return chain("[B0, {dense: 1}]", f"blocks:\n{''.join(blocks)}  B{times}: {{layers: [{last}]}}\n")


def graph_doubling(times: int, last: str) -> str:
    blocks = [
        f"  B{index}: {{inputs: [a], nodes: {{p: {{from: a, B{index + 1}: null}}, q: {{from: p, B{index + 1}: null}}}}, outputs: [q]}}\n"
        for index in range(times)
    ]
    return chain("[B0, {dense: 1}]", f"blocks:\n{''.join(blocks)}  B{times}: {{layers: [{last}]}}\n")


def chained_variables(count: int, value: str) -> str:
    lines = "".join(f"  v{index}: {value.format(f'v{index + 1}')}\n" for index in range(count))
    return chain("[{dense: $v0}]", f"vars:\n{lines}  v{count}: 1\n")


def deep(count: int, open_: str, close: str, inside: str) -> str:
    return open_ * count + inside + close * count


def nodes_of(line: str, size: float, outputs: str = "[n0]", first: str = "") -> str:
    """A graph of as many nodes as fit, after the `first` one."""
    return cut(line, f"{HEAD}model:\n{INPUT}  nodes:\n{first}", size, tail=f"  outputs: {outputs}\n")


def including(count: int, size: float) -> Files:
    """Files of which each extends the next and uses two others."""

    def body(index: int) -> str:
        uses = "".join(
            f"  B{index}x{other}: {{use: f{other}.yaml}}\n" for other in range(index + 1, min(index + 3, count))
        )
        extends = f"extends: f{index + 1}.yaml\n" if index + 1 < count else ""
        head = f"{HEAD}{extends}" + (f"blocks:\n{uses}" if uses else "")
        return cut("    - {{dense: {0}}}\n", f"{head}model:\n{INPUT}  layers:\n", size)

    return {"spec.yaml" if index == 0 else f"f{index}.yaml": body(index) for index in range(count)}


def as_json(data: object) -> Files:
    return {"spec.json": json.dumps(data)}


def layers_json(item: object, count: int) -> Files:
    return as_json({"modelc": 1, "model": {"inputs": {"x": {"shape": [4]}}, "layers": [item] * count}})


def wrong_train(size: float) -> str:
    return cut("  ke{0}: 1\n", f"{chain('[{dense: 1}]')}train:\n", size)

"""Texts that cost the most to check within the budgets of size: each kind by its name, larger or smaller by a number."""

from collections.abc import Callable

from tests.hostile_texts import HEAD, INPUT, Files, chain, cut, doubling, graph_doubling, nodes_of, wrong_train
from tests.hostile_values import KINDS as OTHERS

BILLION = "vars:\n  a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"  {name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
)


def asking(number: int, before: str, outputs: str) -> str:
    """So many nodes, each of which asks for the shape of what it takes: the one `before` it, where 0 is an input."""
    names = [before.format(place) for place in range(number)]
    nodes = "".join(
        f'    n{place}: {{from: {name}, dense: "${{shape({name})[-1]}}"}}\n' for place, name in enumerate(names, 1)
    )
    inputs = f"  inputs: {{{names[0]}: {{shape: [4]}}}}\n"
    return f"{HEAD}model:\n{inputs}  nodes:\n{nodes}  outputs: [{outputs.format(0, number)}]\n"


KINDS: dict[str, Callable[[float], str | Files]] = {
    # Blocks that double.
    "doubling around a typo": lambda size: doubling(12, "{desne: 4}"),
    "doubling around a typo of an argument": lambda size: doubling(12, "{dense: {unist: 4}}"),
    "doubling around what does not fit": lambda size: doubling(12, "{conv2d: {filters: 2, kernel_size: 3}}"),
    "doubling around a typo, within the limit": lambda size: doubling(10, "{desne: 4}"),
    "doubling around two typos, within the limit": lambda size: doubling(
        10, "{dense: {unist: 4}}, {conv2d: {filtres: 4}}"
    ),
    "doubling around a wrong argument": lambda size: doubling(
        10, "{dense: $a}", "[{{{0}: {{a: $a}}}}, {{{0}: {{a: $a}}}}]"
    ).replace("{layers", "{params: {a: -4}, layers"),
    "doubling around wrong values": lambda size: doubling(10, "{dense: -4}"),
    "doubling beside what does not fit": lambda size: doubling(
        10, "{parallel: {join: add, branches: {a: [], b: [{conv2d: {filters: 2, kernel_size: 3}}]}}}"
    ),
    "doubling of branches that do not fit": lambda size: doubling(
        10, "{conv2d: {filters: 2, kernel_size: 3}}", "[{{parallel: {{join: add, branches: {{a: [{0}], b: [{0}]}}}}}}]"
    ),
    "doubling in graphs around two typos": lambda size: graph_doubling(10, "{desne: 4}, {dense: {unist: 4}}"),
    "doubling, valid, within the limit": lambda size: doubling(10, "{dense: 4}"),
    "doubling, valid, 4,096": lambda size: doubling(12, "{dense: 4}"),
    "doubling, valid, 8,192": lambda size: doubling(13, "{dense: 4}"),
    "doubling, valid, too many": lambda size: doubling(16, "{dense: 4}"),
    "doubling, far too many": lambda size: doubling(30, "{dense: 4}"),
    "doubling, a typo, far too many": lambda size: doubling(30, "{desne: 4}"),
    "doubling by 16": lambda size: doubling(5, "{dense: 4}", "[" + ", ".join(["{0}"] * 16) + "]"),
    "doubling by residual": lambda size: doubling(12, "{dense: 4}", "[{{residual: [{0}]}}, {0}]"),
    "doubling by parallel": lambda size: doubling(
        11, "tanh", "[{{parallel: {{join: add, branches: {{a: [{0}], b: [{0}]}}}}}}]"
    ),
    "doubling in graphs": lambda size: graph_doubling(12, "{dense: 4}"),
    "doubling in graphs around a typo": lambda size: graph_doubling(12, "{desne: 4}"),
    "doubling by repeat": lambda size: doubling(12, "{dense: 4}", "[{{{0}: null, repeat: 2}}]"),
    "doubling by repeat around what does not fit": lambda size: doubling(
        12, "{conv2d: {filters: 2, kernel_size: 3}}", "[{{{0}: null, repeat: 2}}]"
    ),
    "doubling of empty blocks": lambda size: doubling(20, ""),
    "doubling of variables": lambda size: chain(
        "[{dense: $v0}]", "vars:\n" + "".join(f"  v{i}: [$v{i + 1}, $v{i + 1}]\n" for i in range(25)) + "  v25: 1\n"
    ),
    "doubling of layers in variables": lambda size: chain(
        "$v0",
        "vars:\n"
        + "".join(f"  v{i}: [{{residual: $v{i + 1}}}, {{residual: $v{i + 1}}}]\n" for i in range(14))
        + "  v14: [{desne: 4}]\n",
    ),
    "doubling of arguments": lambda size: doubling(
        12, "{dense: 4}", "[{{{0}: {{a: $a}}}}, {{{0}: {{a: $a}}}}]"
    ).replace("{layers", "{params: {a: 4}, layers"),
    "doubling, arguments are wrong": lambda size: doubling(12, "{dense: 4}", "[{{{0}: {{b: 1}}}}, {{{0}: {{c: 1}}}}]"),
    "aliases, a billion": lambda size: chain("[{dense: $a}]", BILLION),
    "aliases of layers": lambda size: chain(
        "[{residual: &a [tanh, {desne: 4}]}, " + ", ".join(["{residual: *a}"] * int(1000 * size)) + "]"
    ),
    # Repeats.
    "repeat a million": lambda size: chain("[{dense: 4, repeat: 1000000}]"),
    "repeat 50,000": lambda size: chain("[{dense: 4, repeat: 50000}]"),
    "repeat 5,000": lambda size: chain("[{dense: 4, repeat: 5000}]"),
    "repeat 10,000 that do not fit": lambda size: chain("[{conv2d: {filters: 2, kernel_size: 3}, repeat: 10000}]"),
    "repeats nested": lambda size: chain(
        "[{residual: [{residual: [{residual: [{dense: 4, repeat: 100}], repeat: 100}], repeat: 100}], repeat: 100}]"
    ),
    "repeats of nothing": lambda size: chain("[{residual: [], repeat: 1000000000}]"),
    "repeats of an empty block": lambda size: chain(
        "[{Empty: null, repeat: 1000000000}]", "blocks: {Empty: {layers: []}}\n"
    ),
    "repeat, huge": lambda size: chain("[{dense: 4, repeat: 999999999999999999}]"),
    "repeat in a graph": lambda size: (
        HEAD
        + "model:\n  inputs: {x: {shape: [4]}}\n  nodes: {a: {from: x, dense: 4, repeat: 100000}}\n  outputs: [a]\n"
    ),
    "shares of shares": lambda size: (
        HEAD
        + "model:\n"
        + INPUT
        + "  nodes:\n    n0: {from: x, layers: [tanh, tanh]}\n"
        + "".join(f"    n{i}: {{from: x, layers: [{{share: n{i - 1}}}, {{share: n{i - 1}}}]}}\n" for i in range(1, 20))
        + "  outputs: [n19]\n"
    ),
    # Many errors.
    "misspelt items": lambda size: cut("    - {{desne: {0}}}\n", chain(""), size),
    "misspelt items, each another": lambda size: cut("    - {{lay{0}: 1}}\n", chain(""), size),
    "misspelt arguments": lambda size: cut("    - {{dense: {{unist: {0}}}}}\n", chain(""), size),
    "misspelt arguments, each another": lambda size: cut("    - {{dense: {{units: 1, arg{0}: 1}}}}\n", chain(""), size),
    "wrong values": lambda size: cut("    - {{dense: -{0}}}\n", chain(""), size),
    "wrong types": lambda size: cut("    - {{dense: [a{0}]}}\n", chain(""), size),
    "many arguments of one layer": lambda size: cut("        arg{0}: 1\n", chain("\n    - dense:"), size),
    "many keys of one item": lambda size: cut("      key{0}: 1\n", chain("\n    - dense: 4"), size),
    "unknown keys of the top": lambda size: cut("key{0}: 1\n", chain("[{dense: 1}]"), size),
    "unknown keys of train": wrong_train,
    "null items": lambda size: cut("    -\n", chain(""), size),
    "type forms": lambda size: cut("    - {{type: Dense, units: {0}}}\n", chain(""), size),
    "class names of keras": lambda size: cut("    - {{Dense: {{units: {0}}}}}\n", chain(""), size),
    "conv of torch": lambda size: cut("    - {{Conv2d: {{out_channels: {0}, kernel: 3}}}}\n", chain(""), size),
    "duplicate keys": lambda size: cut("a: {0}\n", HEAD, size),
    "duplicate names": lambda size: cut("    - {{dense: 4, name: a}}\n", chain(""), size),
    "what does not fit": lambda size: cut(
        "    - {{flatten: null}}\n    - {{conv2d: {{filters: 2, kernel_size: 3}}}}\n", chain(""), size
    ),
    "long line of errors": lambda size: cut("{{desne: {0}}}, ", chain("["), size, tail="]\n"),
    "long line of wrong values": lambda size: cut("{{dense: -1{0}}}, ", chain("["), size, tail="]\n"),
    "long line of quoted errors": lambda size: cut('{{"d\\u0435nse": -1{0}}}, ', chain("["), size, tail="]\n"),
    "long line of wide letters": lambda size: cut("{{層{0}: 1}}, ", chain("["), size / 2, tail="]\n"),
    "unresolved variables": lambda size: cut("    - {{dense: $w{0}}}\n", chain("", "vars: {units: 4}\n"), size),
    "one unresolved variable": lambda size: cut(
        "    - {{dense: $wnits}} # {0}\n", chain("", "vars: {units: 4}\n"), size
    ),
    "many variables, many unresolved": lambda size: cut(
        "  v{0}: $w{0}\n", HEAD + "vars:\n", size, tail=chain("[{dense: 1}]")[len(HEAD) :]
    ),
    "unused variables": lambda size: cut(
        "  v{0}: {0}\n", HEAD + "vars:\n", size, tail=chain("[{dense: 1}]")[len(HEAD) :]
    ),
    "unused blocks": lambda size: cut(
        "  B{0}: {{layers: [{{dense: 4}}]}}\n", HEAD + "blocks:\n", size, tail=chain("[{dense: 1}]")[len(HEAD) :]
    ),
    "unused blocks, wrong": lambda size: cut(
        "  B{0}: {{layers: [{{desne: 4}}]}}\n", HEAD + "blocks:\n", size, tail=chain("[{dense: 1}]")[len(HEAD) :]
    ),
    "blocks of wrong names": lambda size: cut(
        "  b{0}: {{layers: [{{dense: 4}}]}}\n", HEAD + "blocks:\n", size, tail=chain("[{dense: 1}]")[len(HEAD) :]
    ),
    "wrong uses of a block": lambda size: cut(
        "    - {{Block: {0}}}\n", chain("", "blocks: {Block: {params: {a: str}, layers: [{dense: 4}]}}\n"), size
    ),
    "unknown blocks": lambda size: cut("    - Bolck\n", chain("", "blocks: {Block: {layers: [{dense: 4}]}}\n"), size),
    "a typo of a definition": lambda size: cut(
        "    - Blocks\n", chain("", "blocks: {Block: {layers: [{dense: 4}]}}\n"), size
    ),
    "nodes that are unknown": lambda size: nodes_of("    n{0}: {{from: m{0}, dense: 4}}\n", size),
    "nodes with misspelt layers": lambda size: nodes_of("    n{0}: {{from: x, desne: 4}}\n", size),
    "inputs of wrong shapes": lambda size: cut(
        "    x{0}: {{shape: [-4]}}\n", f"{HEAD}model:\n  inputs:\n", size, tail="  layers: [{dense: 4}]\n"
    ),
    "outputs that are unknown": lambda size: cut(
        "o{0}, ", f"{HEAD}model:\n{INPUT}  nodes: {{a: {{from: x, dense: 4}}}}\n  outputs: [", size, tail="]\n"
    ),
    "nodes that ask for the shape of the one before": lambda size: asking(int(4000 * size), "n{0}", "n{1}"),
    "outputs that ask for one shape": lambda size: asking(
        int(3500 * size), "x", ", ".join(f"n{number}" for number in range(1, int(3500 * size) + 1))
    ),
    "metrics that are unknown": lambda size: cut(
        "acuracy{0}, ",
        chain("[{dense: 1}]") + "train: {epochs: 1, optimizer: adam, loss: mean_squared_error, metrics: [",
        size,
        tail="]}\n",
    ),
    "losses that are unknown": lambda size: cut(
        "o{0}: mse, ", chain("[{dense: 1}]") + "train: {epochs: 1, optimizer: adam, loss: {", size, tail="}}\n"
    ),
    "columns": lambda size: cut(
        "    c{0}: {{array: c{0}}}\n", chain("[{dense: 1}]") + "data:\n  source: {npz: a.npz}\n  inputs:\n", size
    ),
    **OTHERS,
}


def files_of(kind: str, size: float = 1.0) -> Files:
    """The files of a kind; `size` from 0 to 1 is how much of the budget they take."""
    made = KINDS[kind](size)
    return {"spec.yaml": made} if isinstance(made, str) else made

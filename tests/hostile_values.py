"""Texts of large models, values, expressions, nesting and files that cost much to check: each kind by its name."""

from collections.abc import Callable

from tests.hostile_texts import (
    HEAD,
    INPUT,
    Files,
    as_json,
    chain,
    chained_variables,
    cut,
    deep,
    including,
    layers_json,
    nodes_of,
)

KINDS: dict[str, Callable[[float], str | Files]] = {
    # Large and valid, or nearly so.
    "many layers": lambda size: cut("    - {{dense: {{units: 4}}}}\n", chain(""), size),
    "many layers, each another": lambda size: cut(
        "    - {{dense: {{units: 1{0}, activation: relu, name: layer_{0}}}}}\n", chain(""), size
    ),
    "many bare layers": lambda size: cut("    - relu\n", chain(""), size),
    "many layers, one line": lambda size: cut("tanh,", chain("["), size, tail="relu]\n"),
    "many nodes in a row": lambda size: nodes_of(
        "    n{1}: {{from: n{0}, dense: 4}}\n", size, "[n1]", "    n0: {from: x, dense: 4}\n"
    ),
    "many nodes, a tree": lambda size: nodes_of(
        "    n{1}: {{from: n{2}, dense: 4}}\n", size, "[n1]", "    n0: {from: x, dense: 4}\n"
    ),
    "many nodes, none used": lambda size: nodes_of("    n{0}: {{from: x, dense: 4}}\n", size),
    "a cycle of nodes": lambda size: nodes_of(
        "    n{1}: {{from: n{0}, dense: 4}}\n", size, "[n1]", "    n0: {from: n1000, dense: 4}\n"
    ),
    "many cycles": lambda size: nodes_of(
        "    a{0}: {{from: b{0}, dense: 4}}\n    b{0}: {{from: a{0}, dense: 4}}\n", size, "[a0]"
    ),
    "a wide concatenate": lambda size: cut(
        "x, ", f"{HEAD}model:\n{INPUT}  nodes:\n    a: {{from: [", size, tail="], concatenate: null}\n  outputs: [a]\n"
    ),
    "wide concatenates": lambda size: nodes_of(
        "    n{0}: {{from: [" + ", ".join(["x"] * 300) + "], concatenate: null}}\n", size, "[n1]"
    ),
    "many inputs": lambda size: cut(
        "    x{0}: {{shape: [4]}}\n",
        f"{HEAD}model:\n  inputs:\n",
        size,
        tail="  nodes: {a: {from: x1, dense: 4}}\n  outputs: [a]\n",
    ),
    "many outputs": lambda size: cut(
        "a, ", f"{HEAD}model:\n{INPUT}  nodes: {{a: {{from: x, dense: 4}}}}\n  outputs: [", size, tail="]\n"
    ),
    "many named outputs": lambda size: cut(
        "    o{0}: a\n", f"{HEAD}model:\n{INPUT}  nodes: {{a: {{from: x, dense: 4}}}}\n  outputs:\n", size
    ),
    "fitted layers": lambda size: cut("    - normalization: null\n    - tanh\n", chain(""), size),
    "fitted layers after weights": lambda size: cut("    - normalization\n", chain("\n    - dense: 4"), size),
    "lookups": lambda size: nodes_of(
        "    n{0}: {{from: x, category_encoding: 4}}\n    m{0}: {{from: n{0}, embedding: {{input_dim: 2, output_dim: 4}}}}\n",
        size,
    ),
    "masks dropped": lambda size: cut(
        "    - tanh\n    - masking\n    - {{conv1d: {{filters: 4, kernel_size: 1}}}}\n",
        chain("").replace("[4]", "[4, 4]"),
        size,
    ),
    "parallels": lambda size: cut("    - parallel: {{join: add, branches: {{a: [], b: [tanh]}}}}\n", chain(""), size),
    "residuals": lambda size: cut("    - residual: [tanh]\n", chain(""), size),
    "share each": lambda size: nodes_of(
        "    n{1}: {{from: x, share: n{0}}}\n", size, "[n1]", "    n0: {from: x, dense: 4}\n"
    ),
    "a chain of shares": lambda size: nodes_of(
        "    n{1}: {{from: n{0}, share: n{0}}}\n", size, "[n1]", "    n0: {from: x, dense: 4}\n"
    ),
    "entries that there are not": lambda size: cut(
        "k{0}: 1, ",
        f"{HEAD}vars: {{big: {{",
        size * 0.8,
        tail=f"}}}}\nmodel:\n{INPUT}  layers: [{'dense: $big.kk, ' * 1500}tanh]\n",
    ),
    "terms with a typo": lambda size: cut(
        "    o{0}: mean_squared_eror\n",
        f"{HEAD}model:\n{INPUT}  nodes: {{a: {{from: x, dense: 4}}}}\n"
        f"  outputs: {{{', '.join(f'o{index}: a' for index in range(2000))}}}\ntrain:\n  losses:\n",
        size * 0.6,
    ),
    "many targets": lambda size: cut(
        "    a{0}: {{array: c{0}}}\n",
        chain("[{dense: 1}]") + "data:\n  source: {npz: a.npz}\n  inputs: {x: {array: x}}\n  targets:\n",
        size,
    ),
    "used blocks": lambda size: cut(
        "    - {{Block: {0}}}\n", chain("", "blocks: {Block: {params: {a: 4}, layers: [{dense: 4}]}}\n"), size
    ),
    "comments": lambda size: cut("# modelc: ignore[E101]\n", HEAD, size, tail=chain("[{desne: 4}]")[len(HEAD) :]),
    "ignored warnings": lambda size: cut(
        "  v{0}: {0} # modelc: ignore W909\n", HEAD + "vars:\n", size, tail=chain("[{dense: 1}]")[len(HEAD) :]
    ),
    "wrong comments": lambda size: cut(
        "  v{0}: {0} # modelc: ingore W909\n", HEAD + "vars:\n", size, tail=chain("[{dense: 1}]")[len(HEAD) :]
    ),
    # Values.
    "a list of 100,000": lambda size: cut("1, ", chain("[{dense: 4}]") + "vars: {a: [", size, tail="1]}\n"),
    "a shape of 100,000": lambda size: cut(
        "1, ", f"{HEAD}model:\n  inputs: {{x: {{shape: [", size, tail="1]}}\n  layers: [{dense: 4}]\n"
    ),
    "a reshape of 100,000": lambda size: cut("1, ", chain("[{reshape: [").removesuffix("\n"), size, tail="4]}]\n"),
    "kernel of 100,000": lambda size: cut(
        "1, ", chain("[{conv2d: {filters: 1, kernel_size: [").removesuffix("\n"), size, tail="4]}}]\n"
    ),
    "weights of classes": lambda size: cut(
        "{0}: 1.0, ",
        chain("[{dense: 1}]") + "train: {epochs: 1, optimizer: adam, loss: {cross_entropy: {class_weight: {",
        size,
        tail="}}}}\n",
    ),
    "wrong weights of classes": lambda size: cut(
        "{0}: a, ",
        chain("[{dense: 1}]") + "train: {epochs: 1, optimizer: adam, loss: {cross_entropy: {class_weight: {",
        size,
        tail="}}}}\n",
    ),
    "classes of a category": lambda size: cut(
        "c{0}, ",
        chain("[{dense: 1}]") + "data: {source: {npz: a.npz}, inputs: {x: {category: {column: c, classes: [",
        size,
        tail="]}}}}\n",
    ),
    "wrong classes of a category": lambda size: cut(
        "{0}.5, ",
        chain("[{dense: 1}]") + "data: {source: {npz: a.npz}, inputs: {x: {category: {column: c, classes: [",
        size,
        tail="]}}}}\n",
    ),
    "boundaries": lambda size: cut(
        "{1}, ", chain("[{discretization: {bin_boundaries: [").removesuffix("\n"), size, tail="}]\n"
    ),
    "wrong items of a list": lambda size: cut("a{0}, ", chain("[{permute: [").removesuffix("\n"), size, tail="4]}]\n"),
    "a huge integer": lambda size: chain("[{dense: " + "9" * int(size * 200_000) + "}]"),
    "a huge float": lambda size: chain("[{dense: 0." + "9" * int(size * 200_000) + "}]"),
    "a huge exponent": lambda size: chain("[{dense: 1e" + "9" * int(size * 200_000) + "}]"),
    "many zeros": lambda size: chain("[{dense: " + "0" * int(size * 200_000) + "1e5x}]"),
    "huge name": lambda size: chain("[{dense: 4, name: a" + "b" * int(size * 200_000) + "}]"),
    "huge unknown layer": lambda size: chain("[{? " + "b" * int(size * 200_000) + "\n : 1}]"),
    "huge unknown layer, bare": lambda size: chain("[" + "b" * int(size * 200_000) + "]"),
    "huge unknown names": lambda size: chain(
        "[" + ", ".join("b" * 1000 + str(i) for i in range(int(size * 200))) + "]"
    ),
    "huge variable": lambda size: chain("[{dense: $" + "b" * int(size * 200_000) + "}]"),
    "huge path of a variable": lambda size: chain(
        "[{dense: $a" + ".0" * int(size * 100_000) + "}]", "vars: {a: [1]}\n"
    ),
    "huge column": lambda size: (
        chain("[{dense: 1}]")
        + "data: {source: {npz: "
        + "a/" * int(size * 100_000)
        + "}, inputs: {x: {array: "
        + "b" * 10000
        + "}}}\n"
    ),
    "huge port": lambda size: (
        HEAD
        + "model:\n"
        + INPUT
        + "  nodes: {a: {from: x, dense: 4}, b: {from: a."
        + "q" * int(size * 100_000)
        + ", dense: 4}}\n  outputs: [b]\n"
    ),
    "dots of a port": lambda size: (
        HEAD
        + "model:\n"
        + INPUT
        + "  nodes: {a: {from: x, dense: 4}, b: {from: a"
        + "." * int(size * 100_000)
        + ", dense: 4}}\n  outputs: [b]\n"
    ),
    "huge equation": lambda size: chain(
        "[{einsum_dense: {equation: '" + "a" * int(size * 100_000) + "', output_shape: 4}}]"
    ),
    "huge pattern": lambda size: chain("[{dense: " + " 1" * int(size * 60_000) + "}]"),
    "ratios": lambda size: cut("    - {{rescaling: 1/{1}}}\n", chain(""), size),
    "huge ratio": lambda size: chain("[{rescaling: 1/" + "9" * int(size * 200_000) + "}]"),
    # Variables and expressions.
    "long chain of variables": lambda size: chained_variables(int(5000 * size), "${{{0} + 1}}"),
    "long chain of references": lambda size: chained_variables(int(5000 * size), "${0}"),
    "long chain that is refused": lambda size: chained_variables(31, "${{{0} + 1}}"),
    "cycle of variables": lambda size: chained_variables(int(5000 * size), "${{{0} + 1}}").replace(": 1\n", ": $v0\n"),
    "powers": lambda size: chain("[{dense: '${9 ** 9 ** 9 ** 9}'}]"),
    "big powers": lambda size: chain("[{dense: '${9223372036854775807 ** 64}'}]"),
    "huge integers in expressions": lambda size: chain("[{dense: '${" + "9" * 490 + "}'}]"),
    "strings that multiply": lambda size: chain("""[{dense: "${'a' * 1000000000}"}]"""),
    "nested parentheses": lambda size: chain("[{dense: '${" + "(" * 240 + "1" + ")" * 240 + "}'}]"),
    "nested minus": lambda size: chain("[{dense: '${" + "-" * 490 + "1}'}]"),
    "nested lambda": lambda size: chain("[{dense: '${" + "lambda: " * 60 + "1}'}]"),
    "many expressions": lambda size: cut(
        "    - {{dense: '${{4 * dim + {0} - {0}}}'}}\n", chain("", "vars: {dim: 1}\n"), size
    ),
    "long expressions": lambda size: cut(
        "    - {{dense: '${{4" + " + dim" * 80 + "}}'}}\n", chain("", "vars: {dim: 1}\n"), size
    ),
    "wrong expressions": lambda size: cut("    - {{dense: '${{4 * dm{0} ^}}'}}\n", chain("", "vars: {dim: 1}\n"), size),
    "expressions by zero": lambda size: cut("    - {{dense: '${{{0} / dim}}'}}\n", chain("", "vars: {dim: 0}\n"), size),
    "large variable, used often": lambda size: cut(
        "    - {{dense: $a.0}}\n", chain("", "vars: {a: [" + "1, " * 20000 + "]}\n"), size
    ),
    "large variable in expressions": lambda size: cut(
        "    - {{dense: '${{a[0]}}'}}\n", chain("", "vars: {a: [" + "1, " * 20000 + "]}\n"), size
    ),
    "large variables, used whole": lambda size: cut(
        "    - {{reshape: $a}}\n", chain("", "vars: {a: [" + "1, " * 2000 + "]}\n"), size
    ),
    "wrong variable, used often": lambda size: cut("    - {{dense: $a}}\n", chain("", "vars: {a: -1}\n"), size),
    # Nesting.
    "deep lists": lambda size: chain(deep(int(size * 100_000), "[", "]", "")),
    "deep mappings": lambda size: chain(deep(int(size * 50_000), "{a: ", "}", "1")),
    "deep residuals": lambda size: chain("[" + deep(28, "{residual: [", "]}", "tanh") + "]"),
    "deep residuals, wrong": lambda size: chain(
        "[" + ", ".join([deep(28, "{residual: [", "]}", "{tnah: 1}")] * int(300 * size)) + "]"
    ),
    "deep blocks": lambda size: chain(
        "[B0]",
        "blocks:\n"
        + "".join(f"  B{i}: {{layers: [B{i + 1}]}}\n" for i in range(int(3000 * size)))
        + f"  B{int(3000 * size)}: {{layers: [tanh]}}\n",
    ),
    "deep blocks of residuals": lambda size: chain(
        "[B0]",
        "blocks:\n"
        + "".join(f"  B{i}: {{layers: [{deep(20, '{residual: [', ']}', f'B{i + 1}')}]}}\n" for i in range(30))
        + "  B30: {layers: [tanh]}\n",
    ),
    "deep block style": lambda size: HEAD + "".join(" " * i + "a:\n" for i in range(60)) + "\n",
    "unclosed": lambda size: chain("[" * int(size * 200_000)),
    "unclosed quotes": lambda size: chain('"' + "a\n" * int(size * 100_000)),
    "tabs": lambda size: chain("\t" * int(size * 200_000)),
    "colons": lambda size: chain(": " * int(size * 100_000)),
    "dashes": lambda size: "- " * int(size * 100_000),
    "many documents": lambda size: "---\n" * int(size * 60_000),
    "many anchors": lambda size: cut("    - &a{0} tanh\n", chain(""), size),
    "unknown aliases": lambda size: cut("    - *a{0}\n", chain(""), size),
    "many tags": lambda size: cut("    - !!a{0} b\n", chain(""), size),
    "merge keys": lambda size: cut("a{0}: {{<<: b}}\n", HEAD, size),
    "controls": lambda size: chain("\x01" * int(size * 200_000)),
    "bidirectional": lambda size: chain("[" + "\u202e" * int(size * 80_000) + "]"),
    "combining": lambda size: chain("[a" + "\u0301" * int(size * 100_000) + "]"),
    "empty lines": lambda size: HEAD + "\n" * int(size * 200_000) + chain("[{desne: 4}]")[len(HEAD) :],
    "empty lines between": lambda size: cut(
        "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n    - {{desne: 4}}\n", chain(""), size
    ),
    # JSON.
    "json, misspelt": lambda size: layers_json({"desne": 4}, int(14_000 * size)),
    "json, valid": lambda size: layers_json({"dense": 4}, int(14_000 * size)),
    "json, deep": lambda size: {"spec.json": "[" * int(200_000 * size)},
    "json, one long string": lambda size: as_json({"modelc": 1, "name": "a" * int(200_000 * size)}),
    "json, backslashes": lambda size: {"spec.json": '{"a": "' + "\\\\" * int(100_000 * size)},
    "json, spaces": lambda size: {"spec.json": '{"a":' + " \n" * int(100_000 * size) + "]"},
    "json, huge integer": lambda size: {"spec.json": '{"modelc": ' + "1" * int(200_000 * size) + "}"},
    "json, type forms": lambda size: layers_json({"type": "dense", "units": 4}, int(8_000 * size)),
    # Files.
    "files that include each other": lambda size: including(31, size),
    "files that include each other, small": lambda size: including(31, 0.01),
    "many uses of one file": lambda size: {
        "spec.yaml": cut(
            "  B{0}: {{use: f.yaml}}\n", HEAD + "blocks:\n", size / 8, tail=chain("[{dense: 4}]")[len(HEAD) :]
        ),
        "f.yaml": cut("    - tanh\n", chain(""), size / 4),
    },
    "many uses of one wrong file": lambda size: {
        "spec.yaml": cut(
            "  B{0}: {{use: f.yaml}}\n", HEAD + "blocks:\n", size / 8, tail=chain("[{dense: 4}]")[len(HEAD) :]
        ),
        "f.yaml": cut("    - tnah\n", chain(""), size / 4),
    },
    "many uses of a missing file": lambda size: {
        "spec.yaml": cut(
            "  B{0}: {{use: f{0}.yaml}}\n", HEAD + "blocks:\n", size, tail=chain("[{dense: 4}]")[len(HEAD) :]
        )
    },
    "large overlay": lambda size: {
        "spec.yaml": cut("    - {{dense: {0}}}\n", HEAD + "extends: f.yaml\nmodel:\n  layers:\n", size),
        "f.yaml": cut("    - {{dense: {0}}}\n", chain(""), size),
    },
    "large overlay of mappings": lambda size: {
        "spec.yaml": cut("    n{0}: {{desne: 4}}\n", HEAD + "extends: f.yaml\nmodel:\n  nodes:\n", size),
        "f.yaml": nodes_of("    n{0}: {{from: x, dnese: 4}}\n", size),
    },
    "many removals": lambda size: {
        "spec.yaml": cut("    - model.nodes.n{0}\n", HEAD + "extends:\n  file: f.yaml\n  remove:\n", size),
        "f.yaml": nodes_of("    n{0}: {{from: x, dense: 4}}\n", size),
    },
    "many wrong removals": lambda size: {
        "spec.yaml": cut("    - model.nodes.m{0}\n", HEAD + "extends:\n  file: f.yaml\n  remove:\n", size),
        "f.yaml": nodes_of("    n{0}: {{from: x, dense: 4}}\n", size),
    },
    "long removal": lambda size: {
        "spec.yaml": HEAD + "extends:\n  file: f.yaml\n  remove: [model" + ".a" * int(size * 100_000) + "]\n",
        "f.yaml": chain("[{dense: 4}]"),
    },
}

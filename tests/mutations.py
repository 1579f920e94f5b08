"""Random damage to the text of a spec: what a slip of the hand, a bad merge or a fuzzer makes of it."""

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import yaml

JUNK = (
    "null", "true", "-1", "0", "1e999", "1e400", "[]", "{}", "''", "~", ".nan", "0x10", "017", "1:30", "$x", "&a", "*a", "!!int 3",
    "<<", "{a: {b: [c]}}", "[[[[1]]]]", "dense", "dense: {units: 3}", "999999999999999999999", "-7", "image", "output", "name",
    "\u202eabc", "\x1b[31m", "::error::x", "\ufeff", "🙂", "a b", "1/0", "1/255", "3.5", "- x", "? y", "|", ">", "%", "@", "`", "\t",
)  # fmt: skip


def mutate(text: str, seed: int, others: list[str]) -> str:
    """`text` with one to four random faults; the same seed gives the same text."""
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 4))):
        text = chance.choice(FAULTS)(text, chance, others)
    return text


def drop_line(text: str, chance: random.Random, others: list[str]) -> str:
    lines = text.split("\n")
    lines.pop(chance.randrange(len(lines)))
    return "\n".join(lines)


def repeat_line(text: str, chance: random.Random, others: list[str]) -> str:
    lines = text.split("\n")
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    return "\n".join(lines)


def indent_line(text: str, chance: random.Random, others: list[str]) -> str:
    lines = text.split("\n")
    index = chance.randrange(len(lines))
    lines[index] = " " * chance.randrange(1, 5) + lines[index] if chance.random() < 0.5 else lines[index][2:]
    return "\n".join(lines)


def borrow_line(text: str, chance: random.Random, others: list[str]) -> str:
    lines = text.split("\n")
    lines.insert(chance.randrange(len(lines)), chance.choice(chance.choice(others).split("\n")))
    return "\n".join(lines)


def change_character(text: str, chance: random.Random, others: list[str]) -> str:
    index = chance.randrange(len(text) + 1)
    character = chance.choice("abcxyz0129 :,-[]{}#&*!|>'\"%@`\n\t\0\x1b\u202e$<~=")
    return text[:index] + character + text[index + chance.randrange(2) :]


def replace_word(text: str, chance: random.Random, others: list[str]) -> str:
    words = list(re.finditer(r"[\w./-]+", text))
    if not words:
        return text
    word = chance.choice(words)
    other = chance.choice(words)[0] if chance.random() < 0.4 else chance.choice(JUNK)
    return text[: word.start()] + other + text[word.end() :]


def misspell(text: str, chance: random.Random, others: list[str]) -> str:
    words = list(re.finditer(r"[a-z_]{3,}", text))
    if not words:
        return text
    word = chance.choice(words)
    index = chance.randrange(word.start(), word.end() - 1)
    return text[:index] + text[index + 1] + text[index] + text[index + 2 :]


def truncate(text: str, chance: random.Random, others: list[str]) -> str:
    return text[: chance.randrange(len(text) + 1)]


def replace_group(text: str, chance: random.Random, others: list[str]) -> str:
    groups = list(re.finditer(r"\[[^][]*\]|\{[^{}]*\}", text))
    if not groups:
        return text
    group = chance.choice(groups)
    return text[: group.start()] + chance.choice([*JUNK, chance.choice(groups)[0]]) + text[group.end() :]


FAULTS = (
    drop_line,
    repeat_line,
    indent_line,
    borrow_line,
    change_character,
    replace_word,
    replace_word,
    misspell,
    truncate,
    replace_group,
)


class Drawn(NamedTuple):
    """The files of a spec, the first of which is checked, and the settings of `--set`."""

    files: dict[str, bytes]
    settings: list[str]


def draw(seed: int, texts: list[str]) -> tuple[str, Drawn]:
    """The kind of the draw `seed`, and what is drawn; the same seed draws the same."""
    chance = random.Random(seed)
    kind = list(KINDS)[seed % len(KINDS)]
    return kind, KINDS[kind](chance, texts)


def one(text: str | bytes, name: str = "spec.yaml", settings: Iterable[str] = ()) -> Drawn:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return Drawn({name: data}, list(settings))


def tokens(chance: random.Random, texts: list[str]) -> Drawn:
    """A spec with one to four faults in its words and lines."""
    return one(mutate(chance.choice(texts), chance.randrange(10**9), texts))


def damaged_bytes(chance: random.Random, texts: list[str]) -> Drawn:
    """A spec of which some bytes are others, missing or too many."""
    data = bytearray(chance.choice(texts).encode())
    for _ in range(chance.choice((1, 2, 5, 30))):
        index = chance.randrange(len(data))
        new = bytes(chance.randrange(256) for _ in range(chance.randrange(4)))
        data[index : index + chance.randrange(4)] = new
    return one(bytes(data), chance.choice(("spec.yaml", "spec.json")))


def structure(chance: random.Random, texts: list[str]) -> Drawn:
    """A spec in which values stand in place of others, twice, deeper, or not at all; as JSON, which is YAML too."""
    data = yaml.safe_load(chance.choice(texts))
    for _ in range(chance.choice((1, 2, 4))):
        data = damage(data, chance)
    text = json.dumps(data, indent=chance.choice((None, 1)), ensure_ascii=chance.random() < 0.5)
    return one(text, chance.choice(("spec.json", "spec.yaml")))


def damage(data: Any, chance: random.Random) -> Any:
    """`data` with one value, chosen at random, that is another one."""
    places = list(values(data, ()))
    path, value = chance.choice(places)
    _, other = chance.choice(places)
    new = chance.choice(
        (
            other,
            [value],
            [value] * chance.choice((2, 3, 2000)),
            {"a": value},
            chance.choice(VALUES),
            {chance.choice(NAMES): value},
        )
    )
    return put(data, path, new)


def values(data: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, data
    below = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in below:
        yield from values(value, (*path, key))


def put(data: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    key, *rest = path
    if isinstance(data, dict):
        return {**data, key: put(data[key], tuple(rest), new)}
    return [*data[:key], put(data[key], tuple(rest), new), *data[key + 1 :]]


def doubled(chance: random.Random, texts: list[str]) -> Drawn:
    """Blocks that use each other several times, around a layer that may be wrong."""
    times, uses = chance.choice((3, 8, 9, 10, 11, 12, 20, 31, 40)), chance.choice((1, 2, 2, 3, 16))
    around = chance.choice(
        ("{0}", "{{residual: [{0}]}}", "{{{0}: null, repeat: 2}}", "{{{0}: {{a: $a}}}}", "{{{0}: 3}}")
    )
    item = chance.choice(ITEMS)
    use = f"[{', '.join([around] * uses)}]"
    params = chance.choice(("", "params: {a: 4}, ", "params: {a: int}, "))
    bodies = [f"  B{index}: {{{params}layers: {use.format(f'B{index + 1}')}}}\n" for index in range(times)]
    last = f"  B{times}: {{{params}layers: [{item}, {chance.choice(ITEMS)}]}}\n"
    head = f"modelc: 1\nblocks:\n{''.join(bodies)}{last}"
    return one(
        f"{head}model:\n  inputs: {{x: {{shape: [4]}}}}\n  layers: [{around.format('B0').replace('$a', '4')}, {item}]\n"
    )


def expressions(chance: random.Random, texts: list[str]) -> Drawn:
    """Variables that are computed from each other."""
    names = [f"v{index}" for index in range(chance.choice((2, 5, 40)))]
    lines = [f"  {name}: {json.dumps(expression(chance, names, 3))}\n" for name in names]
    repeat = chance.choice(("", ", repeat: {times: 3, index: v0}", ", repeat: {times: 9, index: i, tied: true}"))
    layers = ", ".join(f"{{dense: {json.dumps(expression(chance, names, 2))}{repeat}}}" for _ in range(3))
    return one(f"modelc: 1\nvars:\n{''.join(lines)}model:\n  inputs: {{x: {{shape: [4]}}}}\n  layers: [{layers}]\n")


def expression(chance: random.Random, names: list[str], depth: int) -> Any:
    """A value of a variable: a number, a reference, a list of such, or an expression."""
    if chance.random() < 0.2:
        return chance.choice((3, -1, 0.5, "text", [1, [2]], {"k": 1}, None, True, "1/3", "$$", "$"))
    if chance.random() < 0.2:
        return f"${chance.choice(names)}{chance.choice(('', '.0', '.k', '.' + '9' * 5000, '.'))}"
    if chance.random() < 0.1:
        return [expression(chance, names, depth - 1) for _ in range(2)] if depth else 1
    return f"${{{term(chance, names, depth)}}}"


def term(chance: random.Random, names: list[str], depth: int) -> str:
    if depth <= 0 or chance.random() < 0.2:
        big = chance.choice(("9" * 30, "9" * 480, "1e308", "1e999", "0", "1_000", "0x10", "1j"))
        return chance.choice(
            (chance.choice(names), "2", "-7", "0.1", "'a'", "true", "None", big, f"{chance.choice(names)}[0]")
        )
    one, two, three = (term(chance, names, depth - 1) for _ in range(3))
    forms = (
        f"{one} {chance.choice(OPERATORS)} {two}", f"({one})", f"-{one}", f"not {one}", f"{one} if {two} else {three}",
        f"{chance.choice(('min', 'max', 'abs', 'open', 'round'))}({one}, {two})", f"{one}.{two}", f"[{one}, {two}]", f"lambda: {one}",
        f"{chance.choice(('int', 'sum', 'len', 'floor', 'shape', 'classes', 'vocabulary'))}({one})", f"shape({chance.choice(('x', 'input', 'y', 'x.p', 'x-y'))})[{two}]",
        f"{one}[{two}:{three}]", f"[{one}] + [{two}]",
        f"{one} < {two} < {three}", f"{one} and {two} or {three}", f"f'{{{one}}}'", f"{one}[{two}]", f"{one} {two}", f"(({one}",
    )  # fmt: skip
    return chance.choice(forms)


def included(chance: random.Random, texts: list[str]) -> Drawn:
    """Files that extend and use each other, some of them in a circle, with a fault here and there."""
    names = [f"f{index}.yaml" for index in range(chance.choice((2, 3, 5)))]
    files = {}
    for name in names:
        text = chance.choice(texts)
        text = mutate(text, chance.randrange(10**9), texts) if chance.random() < 0.3 else text
        extends = f"extends: {json.dumps(chance.choice((*names, '../x', '/etc/passwd', '', 'no.yaml', 'a' * 300)))}\n"
        uses = "".join(f"  Part{index}: {{use: {chance.choice(names)}}}\n" for index in range(chance.choice((1, 3))))
        head = chance.choice((extends, f"blocks:\n{uses}", extends + f"blocks:\n{uses}", ""))
        files[name] = f"{text.rstrip()}\n{head}".encode("utf-8", "surrogatepass")
    return Drawn(files, [])


def overlaid(chance: random.Random, texts: list[str]) -> Drawn:
    """A base, an overlay that removes and replaces some of it, and settings for paths that may not be there."""
    base = yaml.safe_load(chance.choice(texts))
    paths = [".".join(map(str, path)) for path, _ in values(base, ()) if path]
    some = [damaged_path(chance.choice(paths), chance) for _ in range(4)]
    overlay = {"modelc": 1, "extends": {"file": "base.yaml", "remove": some[:2]}}
    for key in chance.sample(list(base), min(2, len(base))):
        overlay[key] = damage(base[key], chance)
    settings = [f"{path}={json.dumps(chance.choice(VALUES))}" for path in some[2:]]
    settings += [chance.choice(("=", "a", "a..b=1", "." * 200 + "=1", "a." * 5000 + "b=1", "model={", "x=\n\n- ]"))]
    files = {"spec.yaml": overlay, "base.yaml": base}
    return Drawn({name: json.dumps(data).encode() for name, data in files.items()}, settings[: chance.randrange(4)])


def named(chance: random.Random, texts: list[str]) -> Drawn:
    """A spec whose class names are in a file, behind variables or not, with faults in the one, the other or both."""
    at, variables = chance.choice(NAMED)
    path = chance.choice(
        ("names.txt", "names.txt", "names.txt", "no.txt", "../names.txt", "spec.yaml", "", "$p", ".", "a\0")
    )
    text = WITH_NAMES.replace("VARIABLES", variables).replace("CLASSES", at).replace("PATH", json.dumps(path))
    names = bytearray("\n".join(chance.choice(CLASSES) for _ in range(chance.choice((0, 1, 3, 300)))).encode())
    for _ in range(chance.choice((0, 0, 1, 30))):
        index = chance.randrange(len(names) + 1)
        names[index : index + chance.randrange(3)] = bytes(chance.randrange(256) for _ in range(chance.randrange(3)))
    if chance.random() < 0.5:
        text = mutate(text, chance.randrange(10**9), [*texts, text])
    settings = [f"data.targets.kind.category.classes={chance.choice(('$n', '{file: names.txt}', '[a, b]', '3'))}"]
    files = {"spec.yaml": text.encode("utf-8", "surrogatepass"), "names.txt": bytes(names)}
    return Drawn(files, settings if chance.random() < 0.2 else [])


def damaged_path(path: str, chance: random.Random) -> str:
    parts = path.split(".")
    parts[chance.randrange(len(parts))] = chance.choice((*parts, *NAMES, "0", "9" * 5000, "-1", ""))
    return ".".join(parts)


ITEMS = (
    "{dense: 4}", "{desne: 4}", "{dense: {unist: 4}}", "tanh", "{dense: $a}", "{conv2d: {filters: 2, kernel_size: 3}}", "{dense: -1}",
    "{residual: [{dense: 5}]}", "{share: dense}", "{parallel: {join: add, branches: {a: [], b: [tanh]}}}", "{type: Dense, units: 3}",
    "{dropout: 2}", "{B0: null}", "{dense: 4, repeat: 1000}", "null", "{reshape: [2, 2]}", "{lambda: x}", "{Part: 1}",
)  # fmt: skip
CLASSES = (
    "cat",
    "dog",
    "$dog",
    "",
    " ",
    "[",
    '"cat",',
    "- cat",
    "0: cat",
    "\u017elu\u0165",
    "a" * 3000,
    "\r",
    "\ufeff",
    "#",
)
NAMED = (
    ("{file: PATH}", ""), ("$n", "n: {file: PATH}"), ("{file: $p}", "p: PATH"), ("$a.k.0", "a: {k: [$n]}, n: {file: $p}, p: PATH"),
    ("$a", "a: $b, b: $a"), ("$a.file", "a: {file: {file: PATH}}"), ('"${n}"', "n: {file: PATH}"), ("$n.0.0.0", "n: $n.0"),
)  # fmt: skip
"""What stands for classes, and the variables of it."""
WITH_NAMES = """\
modelc: 1
vars: {VARIABLES}
model:
  inputs: {x: {shape: [4]}}
  layers: [{dense: {units: "${classes(kind)}", activation: softmax}, name: kind}]
data:
  source: {npz: rows.npz}
  targets: {kind: {category: {column: kind, classes: CLASSES}}}
"""
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "^", "@", "==", "<", "and", "or", "in", "is", ":=", ",")
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 10**17, -(10**17), 1e308, 0.5, "", "a", "$x", "${1 +}", [], {}, [[[[]]]], "x" * 5000, [1] * 500, "dense", 1.0,
    {"dense": 3}, ["tanh"] * 50, {"times": 1000}, "\u202e", "a b", {"": 1}, {"name": None},
)  # fmt: skip
NAMES = (
    "dense",
    "units",
    "layers",
    "repeat",
    "residual",
    "name",
    "from",
    "use",
    "extends",
    "vars",
    "x",
    "share",
    "b" * 3000,
    "",
)
KINDS: dict[str, Callable[[random.Random, list[str]], Drawn]] = {
    "tokens": tokens,
    "bytes": damaged_bytes,
    "structure": structure,
    "doubling": doubled,
    "expressions": expressions,
    "includes": included,
    "overlays": overlaid,
    "class names": named,
}

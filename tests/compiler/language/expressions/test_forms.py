"""What is left of an expression in many copies: its form with the numbers filled in is what folding gives, one by one."""

import ast
import random
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from modelc.compiler.api import check
from modelc.compiler.language.expressions.deferred import Deferred, Named
from modelc.compiler.language.expressions.evaluator import Names, value_of
from modelc.compiler.language.expressions.named_calls import calls_of_names
from modelc.compiler.language.expressions.operations import ExpressionError
from modelc.compiler.language.expressions.partial import fold, reduce
from modelc.compiler.language.expressions.parts import parsed

ENOUGH = 1500
OPERATORS = ("+", "-", "*", "/", "//", "%", "**")
LEAVES = (
    "0",
    "2",
    "7",
    "2.5",
    "i",
    "j",
    "f",
    "w[1]",
    "w[i % 3]",
    "shape(input)[-1]",
    "shape(x)[1:][0]",
    "len(shape(a-b.c))",
)
WAITING = (
    "whole",
    "whole[-1]",
    "whole[i % 2]",
    "sum",
    "choice",
    "below",
    "product",
    "some[0]",
    "some[i % 2]",
    "some[2][1]",
)
"""Variables that wait, and entries of them."""


def drawn(rng: random.Random, depth: int, leaves: tuple[str, ...] = LEAVES) -> str:
    """An expression of these leaves, which often ask for shapes."""

    def below() -> str:
        return drawn(rng, depth - 1, leaves)

    if not depth or rng.random() < 0.2:
        return rng.choice(leaves)
    kind = rng.randrange(8)
    if kind < 3:
        text = f"{below()} {rng.choice(OPERATORS)} {below()}"
        return f"({text})" if rng.random() < 0.7 else text
    return (
        f"-{below()}",
        f"{rng.choice(('max', 'min'))}({below()}, {below()})",
        f"{rng.choice(('abs', 'int', 'round'))}({below()})",
        f"({below()} if {below()} {rng.choice(('<', '>=', '=='))} {below()} else {below()})",
        f"[{below()}, {below()}][{rng.choice(('0', '-1', 'i % 2'))}]",
    )[kind - 3]


def outcome(compute: Callable[..., Any], *arguments: Any) -> Any:
    """What is computed, or the words in which it is refused."""
    try:
        found = compute(*arguments)
    except ExpressionError as error:
        return error.message, error.help
    return type(found), found


def folded(text: str, names: Names) -> Any:
    """The same as `reduce`, always by folding."""
    whole = parsed(text)
    if not whole.parts[whole.tree].depends(names):
        return value_of(whole.tree, names)
    found = fold(whole.tree, names, whole.parts)
    if not isinstance(found, ast.expr):
        return found
    return Deferred(f"${{{ast.unparse(found)}}}") if any(calls_of_names(found)) else value_of(found, names)


def shape(named: Named) -> list[int]:
    return [8, 4, 2]


def test_a_form_with_its_numbers_is_what_folding_gives() -> None:
    rng, left, of_forms = random.Random(5), 0, 0
    for _ in range(ENOUGH):
        text = drawn(rng, rng.randrange(1, 5))
        if len(text) > 450:
            continue
        numbers = {"i": rng.randrange(-3, 5), "j": rng.randrange(9), "f": rng.choice([0.5, -1.25]), "w": [3, 5, -2]}
        names = Names(numbers.__getitem__)
        found = outcome(reduce, text, names)
        assert found == outcome(folded, text, names), (text, numbers)
        if found[0] is Deferred:
            plain = Deferred(str(found[1]))
            assert outcome(found[1].value, shape) == outcome(plain.value, shape), (text, numbers)
            assert set(found[1].asked) == set(plain.asked)
            left, of_forms = left + 1, of_forms + (found[1].bound is not None)
    assert left > ENOUGH / 3 and of_forms > left / 2


@pytest.mark.parametrize(
    "key", ["", "[0]", "[00]", "[-0]", "[-1]", "[12]", "[1_0]", "[- 1]", "[ 1 ]", "[0x1]", "[1][0]"]
)
@pytest.mark.parametrize("call", ["shape(x)", "shape( x )", "shape('x')", " shape(x_1) ", "shape(a-b)", "(shape(x))"])
def test_sizes_are_written_as_python_writes_them(call: str, key: str) -> None:
    found = outcome(reduce, call.rstrip() + key, Names(dict[str, Any]().__getitem__))
    assert found == outcome(folded, call.rstrip() + key, Names(dict[str, Any]().__getitem__))
    assert found[0] is Deferred


def waiting(rng: random.Random) -> dict[str, Any]:
    """Variables that wait, of a block further in or not."""
    texts = {
        "whole": "shape(x)",
        "sum": "shape(x)[0] + 2",
        "product": "shape(y)[1] * 3",
        "choice": "shape(x)[0] if shape(y)[0] > 2 else 5",
        "below": "-shape(x)[-1]",
    }
    found: dict[str, Any] = {name: reduce(text, Names(dict[str, Any]().__getitem__)) for name, text in texts.items()}
    found = {name: one.outside() if rng.random() < 0.5 else one for name, one in found.items()}
    return {**found, "some": [found["sum"], 4, found["whole"]]}


def test_a_form_with_what_waits_in_it_is_what_folding_gives() -> None:
    rng, left, of_forms = random.Random(6), 0, 0
    for _ in range(ENOUGH):
        text = drawn(rng, rng.randrange(1, 4), (*LEAVES[:-2], *WAITING))
        numbers = {"i": rng.randrange(-3, 5), "j": rng.randrange(9), "f": rng.choice([0.5, -1.25]), "w": [3, 5, -2]}
        values = {**numbers, **waiting(rng)}
        names = Names(values.__getitem__, waits=(values.keys() - numbers).__contains__)
        found = outcome(reduce, text, names)
        assert found == outcome(folded, text, names), (text, values)
        if found[0] is Deferred:
            for one in (found[1], found[1].outside()):
                plain = Deferred(str(one))
                assert outcome(one.value, further) == outcome(plain.value, further), (text, values)
                assert set(one.asked) == set(plain.asked)
            left, of_forms = left + 1, of_forms + (found[1].bound is not None)
    assert left > ENOUGH / 3 and of_forms > left / 2


def further(named: Named) -> list[int]:
    """A shape that differs by name and by how many blocks further out the name belongs."""
    return [8 - named.up, 4, 3 + len(named.name) + named.up]


HEAD = "modelc: 1\nmodel:\n  inputs: {x: {shape: [8]}}\n  layers:\n"


def copies(expression: str) -> str:
    """A spec of 4,000 layers with a number from `expression` each."""
    return HEAD + f'    - dense: "${{{expression}}}"\n      repeat: {{times: 1000, index: i}}\n' * 4


def seconds(text: str) -> float:
    """The CPU time of a check, of a valid spec."""
    begun = time.process_time()
    assert check(text, "spec.yaml").task is not None
    return time.process_time() - begun


@pytest.fixture(scope="module")
def plain() -> float:
    """The CPU time of 4,000 layers with numbers that are written out."""
    text = HEAD + "".join(f"    - dense: {number + 1}\n" for number in range(4000))
    return min(seconds(text) for _ in range(3))


TERMS = " + ".join(["i * 2"] * 60)
BOUND = 3.0
"""So many times that of layers with numbers; mostly it is twice."""


@pytest.mark.parametrize(
    "expression",
    [
        "(i + 1) * 2",
        "max(shape(input)[-1] // 2, 4 + i)",
        f"abs({TERMS}) + 1",
        f"shape(input)[-1] * 0 + 8 + 0 * ({TERMS})",
        "8 + 0 * i if shape(input)[0] + i > 0 else 4",
        " + ".join(["round(-i * -2.5)"] * 20) + " + 1",
    ],
)
def test_copies_with_an_expression_each_cost_little_more_than_layers_with_numbers(
    expression: str, plain: float
) -> None:
    text = copies(expression)
    assert min(seconds(text) for _ in range(2)) < BOUND * plain


def through_blocks(levels: int, uses: int, given: str, argument: str) -> str:
    """A spec of blocks in blocks, each of which hands an expression to the next."""
    blocks = ['  Block0: {params: {n: 3}, layers: [dense: "${n % 5 + 1}"]}\n']
    blocks += [
        f'  Block{level + 1}: {{params: {{n: 3}}, layers: [Block{level}: "${{{given}}}"]}}\n' for level in range(levels)
    ]
    used = "".join(f'    - Block{levels}: "${{{argument}}}"\n'.replace("NUMBER", str(use)) for use in range(uses))
    return HEAD.replace("model:\n", f"blocks:\n{''.join(blocks)}model:\n") + used


@pytest.mark.parametrize(
    ("levels", "uses", "given", "argument"),
    [
        (18, 160, "n + shape(input)[0]", "shape(x)[0]"),
        (18, 160, "2 - n * shape(input)[-1]", "shape(x)[0] - NUMBER"),
        (28, 140, "n + 2", "NUMBER % shape(input)[0]"),
        (7, 500, "max(n, shape(input)[0])", "-shape(x)[0]"),
    ],
)
def test_what_waits_is_handed_through_blocks_quickly(levels: int, uses: int, given: str, argument: str) -> None:
    plain = through_blocks(levels, uses, "n + 1", "NUMBER")
    text = through_blocks(levels, uses, given, argument)
    assert min(seconds(text) for _ in range(2)) < BOUND * min(seconds(plain) for _ in range(2))


LISTED = ", ".join(f'"${{shape(x)[0] + {number}}}"' for number in range(90))


@pytest.mark.parametrize(
    "expression",
    [
        " + ".join(["w * i % 3"] * 9) + " + 1",
        " + ".join(["s[-1] * i % 3"] * 7) + " + 1",
        "listed[i % 90] + listed[89 - i % 90]",
        "max(-below * i, 1) + 7 ** below",
    ],
)
def test_copies_with_a_variable_that_waits_cost_little_more_than_layers_with_numbers(
    expression: str, plain: float
) -> None:
    variables = f'w: "${{shape(x)[-1]}}", s: "${{shape(x)}}", below: "${{8 - shape(x)[0]}}", listed: [{LISTED}]'
    names = [name for name in ("w", "s", "below", "listed") if f"{name}[" in expression or f"{name} " in expression]
    kept = [one for one in re.split(r", (?=\w+:)", variables) if one.partition(":")[0] in names]
    spec = copies(expression).replace("model:\n", f"vars: {{{', '.join(kept)}}}\nmodel:\n").replace("1000", "500")
    assert min(seconds(spec) for _ in range(2)) < BOUND * plain

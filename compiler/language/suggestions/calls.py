"""Things that are written as calls, as in Python: `Conv2D(32, 3)`, `nn.Linear(128, 10)`, `Adam(lr=0.001)`."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from modelc.compiler.language.suggestions import hints
from modelc.compiler.language.suggestions.spelling import spelled, synonyms
from modelc.compiler.language.suggestions.suggest import as_here, counts_from_start
from modelc.compiler.language.suggestions.wording import flow, spell
from modelc.compiler.library.base.registry import Registered, Registry, bare

CALL = re.compile(r"\s*([A-Za-z_][\w.]*)\s*\((.*)\)\s*", re.DOTALL)
BEGUN = re.compile(r"\s*[A-Za-z_][\w.]*\s*\(.*", re.DOTALL)


def length_of(items: list[Any]) -> int:
    """How many of the items of a list, from the first, are one call that commas have cut; 0 where they are none."""
    if not BEGUN.fullmatch(str(items[0])):
        return 0
    for count in range(2, len(items) + 1):
        text = ", ".join(map(str, items[:count]))
        if text.count("(") <= text.count(")"):
            return count if CALL.fullmatch(text) else 0
    return 0


def called(text: str, table: Registry[Any]) -> str:
    """The thing of `table` that `text` calls as Python does, in the notation of specs; empty where it calls none.

    Its arguments are left open where it is not clear which they are here.
    """
    match = CALL.fullmatch(text)
    name = match[1] if match else ""
    same = [*([bare(name)] if bare(name) in table else []), *synonyms(name, table)]
    arguments = arguments_of(text)
    has_some = arguments is not None and any(arguments)
    entry = next((one for one in same if table.find(one).model_fields or not has_some), *same[:1] or [""])
    if not entry:
        return ""
    cls = table.find(entry)
    by_order, by_name = arguments or ([], {})
    if counts_from_start(cls, {**dict.fromkeys([cls.primary], by_order[0] if by_order else None), **by_name}):
        return f"{entry}: {{axis: ...}}"
    if arguments is not None and (written := written_call(table, entry, name, *arguments)):
        return written
    required = next((one for one, info in table.find(entry).model_fields.items() if info.is_required()), None)
    return f"{entry}: {{{required}: ...}}" if required else entry


def block_called(text: str, blocks: Collection[str]) -> str:
    """What to write for the use of one of the `blocks` as Python calls it, `Part(4)`; empty for all else."""
    match, arguments = CALL.fullmatch(text), arguments_of(text)
    if match is None or match[1] not in blocks or arguments is None:
        return ""
    name, (values, named) = match[1], arguments
    if len(values) > 1 or (values and named):
        return f"write `{name}: {{...}}`, with all arguments by name"
    return f"write `{name}{f': {flow(values[0])}' if values else f': {spell(named)}' if named else ''}`"


def arguments_of(text: str) -> tuple[list[Any], dict[str, Any]] | None:
    """The arguments of a call by their order and by name; None where some are no plain values."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        assert isinstance(tree, ast.Call)
        by_order = [plain(part) for part in tree.args]
        return by_order, {part.arg: plain(part.value) for part in tree.keywords if part.arg is not None}
    except (SyntaxError, ValueError, AssertionError, RecursionError, MemoryError):
        return None


def plain(node: ast.expr) -> Any:
    """The value of an argument as a spec has it. Raises ValueError where it is none."""
    if isinstance(node, ast.Call) and not node.args and not node.keywords:
        node = node.func
    if isinstance(node, ast.Attribute | ast.Name):
        return bare(ast.unparse(node)).lower()
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return f"{ast.literal_eval(node.left):g}/{ast.literal_eval(node.right):g}"
    value = ast.literal_eval(node)
    return list(value) if isinstance(value, tuple) else value


def written_call(table: Registry[Any], entry: str, name: str, by_order: list[Any], by_name: Mapping[str, Any]) -> str:
    """The thing `entry` with the arguments of a call of `name`; empty where it is not clear what they are here."""
    cls: type[Registered] = table.find(entry)
    named = as_here(name, by_name)
    if is_of_torch(cls, name) and "return_sequences" in cls.model_fields:
        # There every step is given.
        named = {**named, "return_sequences": True}
    named = {spelled(key, cls.model_fields) or key: value for key, value in named.items()}
    named = {key: value for key, value in named.items() if key in cls.model_fields or not is_needless(key)}
    wrong = {key for key, value in named.items() if not is_valid(table, entry, {key: value}, cls)}
    for first in orders(cls, name, by_order):
        given = {**first, **named}
        # A value that has another form here is answered where it then stands.
        if {*given} <= {*cls.model_fields} and is_valid(
            table, entry, {k: v for k, v in given.items() if k not in wrong}
        ):
            if not given:
                return entry
            return f"{entry}: {flow(given[cls.primary or '']) if cls.is_bare(given) else spell(given)}"
    return ""


def is_needless(argument: str) -> bool:
    """Whether an argument of others is to be left out here."""
    return hints.ARGUMENTS.get(argument) in (hints.KNOWN, hints.IN_PLACE)


def orders(cls: type[Registered], name: str, values: list[Any]) -> Iterator[dict[str, Any]]:
    """What arguments by their order may be: Keras's, or PyTorch's, whose first one often is what comes in."""
    required = [argument for argument, info in cls.model_fields.items() if info.is_required()]
    first = [cls.primary] if cls.primary and cls.primary not in required else []
    order = [*required, *first, *(one for one in cls.model_fields if one not in (*required, *first))]
    ways = [values[1:], values] if is_of_torch(cls, name) and takes_features(cls) else [values, values[1:]]
    if cls.foreign_value:
        ways = [[]]
    elif not takes_features(cls):
        ways = [values]
    for way in ways:
        if len(way) <= len(order):
            yield dict(zip(order, way, strict=False))


def is_of_torch(cls: type[Registered], name: str) -> bool:
    """Whether a thing is called as PyTorch does."""
    same = cls.torch.rpartition(".")[2]
    return name.startswith(("nn.", "torch.")) or name == same != cls.keras.rpartition(".")[2]


def takes_features(cls: type[Registered]) -> bool:
    """Whether PyTorch's counterpart takes first how many features come in."""
    return bool(cls.torch) and cls.primary in ("filters", "units")


def is_valid(
    table: Registry[Any], name: str, arguments: Mapping[str, Any], partial: type[Registered] | None = None
) -> bool:
    """Whether a thing can have `arguments`; of a `partial` one, others may be missing."""
    try:
        table.build({name: dict(arguments)})
    except ValidationError as error:
        return partial is not None and all(item["type"] == "missing" for item in error.errors())
    return True

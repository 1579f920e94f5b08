"""Reads the lists of integers in a pickled numpy array of objects, without unpickling it.

Numpy keeps lists of different lengths in no other way. The pickle is read by a machine of its own, which has the opcodes
that such an array is written with and no others: it builds lists, tuples and texts, calls nothing and imports nothing.
"""

import pickletools
import re
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

MAX_STACK = 5_000
"""More values than ever wait on the stack: pickle appends to a list after each 1,000."""
MAX_INTEGERS = 2**24
INTEGERS = re.compile(rb"(?:K.|M..|J....){1,1000}", re.DOTALL)
"""Integers in a row, of one, two or four bytes, which are nearly all that there is."""
ONE_BYTE, TWO_BYTES = b"KM"
RECONSTRUCT = ("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct")
NAMES = (*RECONSTRUCT, "numpy dtype", "numpy ndarray")
"""What such an array names; anything else is refused."""


class NotIntegers(Exception):
    """A pickle of something else than lists of integers."""


class IntegerLists(NamedTuple):
    """The integers of all lists in a row, and where each list ends."""

    integers: "array[int]"
    ends: "array[int]"


@dataclass(slots=True)
class Growing:
    """A list as far as it is read: of integers, or of lists of these."""

    integers: "array[int]" = field(default_factory=lambda: array("i"))
    lists: list["Growing"] = field(default_factory=list)

    def extend(self, items: list[Any]) -> None:
        """Add `items`. Raises TypeError or OverflowError for what is no integer or list."""
        if items and all(isinstance(item, Growing) for item in items):
            self.lists += items
        else:
            self.integers.extend(items)


@dataclass(frozen=True, slots=True)
class Name:
    """Something of a module, which is named and never imported."""

    text: str


@dataclass(slots=True)
class Made:
    """What a call would make: an array or a dtype, and its state."""

    name: Name
    state: Any = None


@dataclass(slots=True)
class Machine:
    """The stack and the memo of a pickle that is read; `marks` are where on the stack the items of lists and tuples begin."""

    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def since_mark(self) -> list[Any]:
        """The items above the last mark, which are taken from the stack."""
        at = self.marks.pop()
        items = self.stack[at:]
        del self.stack[at:]
        return items

    def append(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], Growing):
            raise NotIntegers
        self.stack[-1].extend(items)

    def tuple_of(self, count: int) -> None:
        items = tuple(self.stack[len(self.stack) - count :])
        if len(items) < count:
            raise NotIntegers
        del self.stack[len(self.stack) - count :]
        self.stack.append(items)

    def name(self, text: str) -> None:
        if text not in NAMES:
            raise NotIntegers
        self.stack.append(Name(text))

    def name_of_stack(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.name(f"{module} {name}")

    def call(self) -> None:
        _, called = self.stack.pop(), self.stack.pop()
        if not isinstance(called, Name) or called.text == "numpy ndarray":
            raise NotIntegers
        self.stack.append(Made(called))

    def build(self) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], Made):
            raise NotIntegers
        self.stack[-1].state = state


def nothing(_: Machine, __: Any) -> None:
    pass


def push(machine: Machine, value: Any) -> None:
    machine.stack.append(value)


def remember(machine: Machine, place: int) -> None:
    machine.memo[place] = machine.stack[-1]


CODES = {opcode.code: opcode for opcode in pickletools.opcodes}
OPCODES: Mapping[str, Callable[[Machine, Any], None]] = {
    "PROTO": nothing,
    "FRAME": nothing,
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "NONE": lambda machine, _: push(machine, None),
    "NEWTRUE": lambda machine, _: push(machine, True),
    "NEWFALSE": lambda machine, _: push(machine, False),
    **dict.fromkeys(("LONG1", "SHORT_BINUNICODE", "BINUNICODE", "SHORT_BINSTRING", "BINSTRING"), push),
    **dict.fromkeys(("SHORT_BINBYTES", "BINBYTES"), push),
    "EMPTY_LIST": lambda machine, _: push(machine, Growing()),
    "APPEND": lambda machine, _: machine.append([machine.stack.pop()]),
    "APPENDS": lambda machine, _: machine.append(machine.since_mark()),
    "EMPTY_TUPLE": lambda machine, _: push(machine, ()),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "TUPLE": lambda machine, _: push(machine, tuple(machine.since_mark())),
    "GLOBAL": lambda machine, name: machine.name(name),
    "STACK_GLOBAL": lambda machine, _: machine.name_of_stack(),
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.build(),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), remember),
    "MEMOIZE": lambda machine, _: remember(machine, len(machine.memo)),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), lambda machine, place: push(machine, machine.memo[place])),
}
"""What each opcode does with its argument (documented in the standard library's `pickletools`)."""


def read_integer_lists(pickled: bytes) -> IntegerLists:
    """The lists in a pickled array of objects, each a list of integers that 32 bits hold.

    Raises NotIntegers for a pickle of anything else, whatever it holds; its memory is bounded by its length.
    """
    try:
        return joined(run(pickled))
    except (LookupError, TypeError, ValueError, OverflowError, AttributeError):
        raise NotIntegers from None


def run(pickled: bytes) -> Any:
    """What is left on the stack where the pickle ends. Raises NotIntegers, and what `read_integer_lists` turns into it."""
    machine, stream, at = Machine(), BytesIO(pickled), 0
    while True:
        if found := INTEGERS.match(pickled, at):
            take_integers(pickled, at, found.end(), machine.stack)
            at = found.end()
        else:
            opcode = CODES[pickled[at : at + 1].decode("latin-1")]
            if opcode.name == "STOP":
                (result,) = machine.stack
                return result
            act = OPCODES.get(opcode.name)
            if act is None:
                raise NotIntegers
            stream.seek(at + 1)
            act(machine, opcode.arg.reader(stream) if opcode.arg else None)
            at = stream.tell()
        if len(machine.stack) + len(machine.marks) > MAX_STACK:
            raise NotIntegers


def take_integers(pickled: bytes, at: int, end: int, stack: list[Any]) -> None:
    """Put the integers whose opcodes stand from `at` to `end` on the `stack`."""
    push = stack.append
    while at < end:
        code = pickled[at]
        if code == ONE_BYTE:
            push(pickled[at + 1])
            at += 2
        elif code == TWO_BYTES:
            push(pickled[at + 1] | pickled[at + 2] << 8)
            at += 3
        else:
            push(int.from_bytes(pickled[at + 1 : at + 5], "little", signed=True))
            at += 5


def joined(result: Any) -> IntegerLists:
    """The lists of an array of one axis, in a row. Raises NotIntegers, ValueError or TypeError for anything else."""
    if not isinstance(result, Made) or result.name.text not in RECONSTRUCT:
        raise NotIntegers
    _, shape, _, _, values = result.state
    if not isinstance(values, Growing) or values.integers or shape != (len(values.lists),):
        raise NotIntegers
    integers, ends = array("i"), array("q")
    for one in values.lists:
        # One list may stand there many times: what is small in the file need not be small here.
        if one.lists or len(integers) + len(one.integers) > MAX_INTEGERS:
            raise NotIntegers
        integers.extend(one.integers)
        ends.append(len(integers))
    return IntegerLists(integers, ends)

"""Parses the header of a .npy array (numpy's NEP 1) by a grammar of its own: no code, no numpy, bounded in every way.

Takes what numpy and the common writers of other languages write, and refuses everything else.
"""

import re
from collections.abc import Callable
from math import prod
from typing import IO, NamedTuple

from modelc.compiler.library.base.tensor_type import DTYPES, MAX_RANK

MAGIC = b"\x93NUMPY"
MAX_LENGTH = 10_000
"""Characters of a header; numpy refuses longer ones too."""
MAX_AXES = MAX_RANK + 1
"""Axes of an array: those of one row, and that of the rows."""
CUT = "ends within its header"
NO_HEADER = "does not have the header of an array"
KINDS = {"b": "bool", "i": "int", "u": "uint", "f": "float", "U": "str", "S": "bytes"}
OTHER_KINDS = {"c": "complex numbers", "m": "times", "M": "dates", "V": "bytes without a type"}
"""What arrays of other kinds hold, in messages."""
AS_NUMBERS = {
    "c": "save the real and the imaginary part, as `array.real` and `array.imag`",
    "m": 'save numbers, such as `array / numpy.timedelta64(1, "s")`, in seconds',
    "M": 'save numbers, such as `(array - numpy.datetime64("2000-01-01")) / numpy.timedelta64(1, "D")`, in days',
}
"""What to save instead of values of these kinds."""
DTYPE = re.compile(r"([<>=|]?)([A-Za-z])([0-9]{0,9})")
WORD = re.compile(
    r"[ \t\n]*+('[^'\\\n]{0,64}'|\"[^\"\\\n]{0,64}\"|True\b|False\b|-?(?:0|[1-9][0-9]{0,19})(?![0-9])L?|[{}():,\[\]])"
)
END = re.compile(r"[ \t\n]*+\Z")


class BadHeader(Exception):
    """A header that cannot be used; the text completes "the array `x` in 'FILE' ...", and `help` says what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


class Unsupported(BadHeader):
    """A well-formed header of an array that is not read, whatever it is for: others in its file can be."""


class Header(NamedTuple):
    """What a file declares of one array, and where its values begin.

    `dtype` is a name of `tensor_type.DTYPES`, `str` or `bytes`; `code` is numpy's notation of it, with byte order and size.
    """

    shape: tuple[int, ...]
    dtype: str
    code: str = ""
    itemsize: int = 0
    fortran_order: bool = False
    start: int = 0

    @property
    def bytes(self) -> int:
        """The size of the values."""
        return prod(self.shape) * self.itemsize


def read_header(file: IO[bytes]) -> Header:
    """The header at the beginning of `file`, which is left at the first value. Raises BadHeader, Unsupported where it is
    well-formed.
    """
    magic = file.read(8)
    if not magic:
        raise BadHeader("is empty")
    if magic[:6] != MAGIC[: len(magic)]:
        raise BadHeader("is not an .npy array")
    if len(magic) < 8:
        raise BadHeader(CUT)
    if magic[6:] not in (b"\1\0", b"\2\0"):
        why = "is for structured arrays only" if magic[6:] == b"\3\0" else "numpy does not have"
        kind = Unsupported if magic[6] == 3 else BadHeader
        raise kind(f"is in version {magic[6]}.{magic[7]} of the .npy format, which {why}")
    width = 2 if magic[6] == 1 else 4
    length = int.from_bytes(exactly(file, width), "little")
    if length > MAX_LENGTH:
        raise BadHeader(f"has a header of more than {MAX_LENGTH:,} bytes")
    return parse_header(exactly(file, length).decode("latin-1"), 8 + width + length)


def exactly(file: IO[bytes], count: int) -> bytes:
    """The next `count` bytes of `file`. Raises BadHeader if there are fewer."""
    found = file.read(count)
    if len(found) != count:
        raise BadHeader(CUT)
    return found


def parse_header(text: str, start: int) -> Header:
    """The header in `text`, a Python dictionary of three keys; the values begin at `start`. Raises BadHeader."""
    words = Words(text)
    read: dict[str, Callable[[Words], str | bool | tuple[int, ...]]] = {
        "descr": read_descr,
        "fortran_order": read_order,
        "shape": read_shape,
    }
    found: dict[str, str | bool | tuple[int, ...]] = {}
    words.expect("{")
    while not words.take("}"):
        key = words.string()
        if key not in read or key in found:
            raise BadHeader(NO_HEADER)
        words.expect(":")
        found[key] = read[key](words)
        if not words.take(","):
            words.expect("}")
            break
    words.end()
    match found:
        case {"descr": str(code), "fortran_order": bool(order), "shape": tuple(shape)}:
            dtype, code, itemsize = parse_dtype(code)
            return Header(shape, dtype, code, itemsize, order, start)
    raise BadHeader(NO_HEADER)


class Words:
    """The words of a header, read from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def match(self) -> re.Match[str]:
        """Where the next word is. Raises BadHeader if there is none that a header can have."""
        found = WORD.match(self.text, self.at)
        if found is None:
            raise BadHeader(NO_HEADER)
        return found

    def peek(self) -> str:
        """The next word."""
        return self.match()[1]

    def next(self) -> str:
        """The next word, which is passed."""
        found = self.match()
        self.at = found.end()
        return found[1]

    def take(self, word: str) -> bool:
        """Whether `word` comes next; it is passed then."""
        if self.peek() != word:
            return False
        self.next()
        return True

    def expect(self, word: str) -> None:
        """Pass `word`, which must come next. Raises BadHeader."""
        if self.next() != word:
            raise BadHeader(NO_HEADER)

    def string(self) -> str:
        """The text of the string that comes next. Raises BadHeader."""
        word = self.next()
        if word[0] not in "'\"":
            raise BadHeader(NO_HEADER)
        return word[1:-1]

    def end(self) -> None:
        """Raise BadHeader unless only space is left."""
        if END.match(self.text, self.at) is None:
            raise BadHeader(NO_HEADER)


def read_descr(words: Words) -> str:
    if words.peek() in "[(":
        help = 'save each field as an array of its own: `numpy.savez_compressed("data.npz", x=rows["x"], y=rows["y"])`'
        raise Unsupported("is a structured array, expected numbers or strings", help)
    return words.string()


def read_order(words: Words) -> bool:
    word = words.next()
    if word not in ("True", "False"):
        raise BadHeader(NO_HEADER)
    return word == "True"


def read_shape(words: Words) -> tuple[int, ...]:
    """A tuple of sizes: `()`, `(3,)`, `(3, 4)`; Python 2 wrote `(3L,)`."""
    words.expect("(")
    sizes: list[int] = []
    while not words.take(")"):
        word = words.next().removesuffix("L")
        if not word.isdigit():
            raise BadHeader("does not have sizes as its shape")
        sizes.append(int(word))
        if len(sizes) > MAX_AXES:
            raise Unsupported(f"has more than {MAX_AXES} axes")
        if not words.take(","):
            if len(sizes) == 1:
                raise BadHeader("does not have sizes as its shape")
            words.expect(")")
            break
    return tuple(sizes)


def parse_dtype(descr: str) -> tuple[str, str, int]:
    """The name of a dtype, numpy's notation of it, and the size of a value. Raises BadHeader.

    `descr` is numpy's notation, such as `<f4`, or a name, such as `float32`.
    """
    found = DTYPE.fullmatch(descr)
    if found is None:
        if descr not in DTYPES or descr == "bfloat16":
            dated = re.match(r"[<>=|]?([Mm])8", descr)
            raise Unsupported(*refusal(dated[1] if dated else "", 8))
        return descr, descr, 1 if descr == "bool" else int(re.sub(r"\D", "", descr)) // 8
    _, kind, digits = found.groups()
    if kind == "O":
        raise Unsupported(
            "contains Python objects, which are never unpickled", "save numbers, or strings as `array.astype(str)`"
        )
    size = int(digits or 0)
    if kind in "US":
        if not size:
            raise Unsupported("holds strings of no length")
        return KINDS[kind], descr, 4 * size if kind == "U" else size
    name = "bool" if (kind, size) == ("b", 1) else f"{KINDS.get(kind)}{8 * size}"
    if name not in DTYPES:
        raise Unsupported(*refusal(kind, size))
    return name, descr, size


def refusal(kind: str, size: int) -> tuple[str, str]:
    """What to say of values of `size` bytes each whose `kind`, a letter of numpy's notation, is no dtype of columns, and
    what to save instead.
    """
    if kind in KINDS and kind != "b" and size:
        dtypes = ", ".join(name for name in DTYPES if name.startswith(KINDS[kind]) and name != "bfloat16")
        help = 'save it as `array.astype("float64")`' if kind == "f" else ""
        return f"holds numbers of {8 * size} bits (`{kind}{size}`), expected one of {dtypes}", help
    help = AS_NUMBERS.get(kind, "")
    return f"holds {OTHER_KINDS.get(kind, 'values of an unknown type')}, expected real numbers or strings", help

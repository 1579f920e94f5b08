"""What the bytes of a csv file in UTF-8 say that the engine does not: found in one pass, before it reads the file."""

import codecs
from typing import BinaryIO, NamedTuple

from modelc.compiler.library.base.lazy import np
from modelc.compiler.library.sources.tables.column_types import UNUSUAL

CHUNK = 2**20
"""Bytes that are looked through at once."""


class Look(NamedTuple):
    """What is in a file: whether the engine may lose something of its line ends, or make a row of nothing of one; whether it is no
    text; whether a line ends with a delimiter; which signs of `UNUSUAL` its fields may have.
    """

    mixes_line_ends: bool
    is_no_text: bool
    ends_with_delimiter: bool
    signs: str


def look_at(file: BinaryIO, delimiter: str, width: int) -> Look:
    """What is in an open file in UTF-8 of `width` columns."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    signs: set[str] = set()
    is_no_text = ends_with_delimiter = is_quoted = False
    last = b""
    while chunk := file.read(CHUNK):
        is_quoted = is_quoted or b'"' in chunk
        signs |= {sign for sign in UNUSUAL if sign.encode() in chunk}
        ends_with_delimiter = ends_with_delimiter or ends_after(last + chunk, delimiter)
        is_no_text = is_no_text or b"\0" in chunk or not is_decoded(decoder, chunk)
        last = chunk[-1:]
    return Look(
        "\r" in signs and mixes_line_ends(file, width),
        is_no_text or not is_decoded(decoder, b"", final=True),
        ends_with_delimiter or last == delimiter.encode(),
        # Line ends are in fields with quotes only.
        "".join(sign for sign in UNUSUAL if sign in signs and (is_quoted or sign not in "\r\n")),
    )


def ends_after(chunk: bytes, delimiter: str) -> bool:
    """Whether a line ends with the delimiter."""
    found = np.frombuffer(chunk, np.uint8)
    is_end = found[1:] == ord("\n")
    if b"\r" in chunk:
        is_end |= found[1:] == ord("\r")
    return bool((is_end & (found[:-1] == ord(delimiter))).any())


def is_decoded(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    """Whether what follows what the decoder has had is text."""
    try:
        decoder.decode(chunk, final)
    except UnicodeError:
        return False
    return True


def mixes_line_ends(file: BinaryIO, width: int) -> bool:
    """Whether an open file in UTF-8 has line ends of which the engine may lose something, or make a row of nothing: line feeds,
    and returns that none follows; of a single column, also line feeds with and without a return before them.
    """
    file.seek(0)
    returns = feeds = both = 0
    last = b""
    while chunk := file.read(CHUNK):
        found = np.frombuffer(last + chunk, np.uint8)
        is_return, is_feed = found == ord("\r"), found == ord("\n")
        returns += int(np.count_nonzero(is_return[len(last) :]))
        feeds += int(np.count_nonzero(is_feed[len(last) :]))
        both += int(np.count_nonzero(is_return[:-1] & is_feed[1:]))
        last = chunk[-1:]
    return bool(feeds and returns > both) or (width == 1 and feeds > both > 0)


def delimiters_in(file: BinaryIO, delimiter: str) -> int:
    """How many delimiters there are in an open file, those in fields too."""
    file.seek(0)
    count, sign = 0, ord(delimiter)
    while chunk := file.read(CHUNK):
        count += int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == sign))
    return count

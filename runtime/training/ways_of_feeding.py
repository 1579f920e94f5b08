"""The ways in which rows come to the device, and which of them a training takes."""

from typing import Literal, NamedTuple

from modelc.compiler.library.base.memory import gigabytes

Way = Literal["resident", "mapped"]
"""All rows lie on the device; or those of some steps are gathered on the host, from arrays or from mapped files."""


class Feeding(NamedTuple):
    """A way, and why it is taken."""

    way: Way
    reason: str


RESIDENT = Feeding("resident", "by default")


def choose_feeding(asked: Way | None, size: int, room: int | None) -> Feeding:
    """How to feed `size` bytes of rows: as it is `asked` for, else on the device where there is `room` for them there, in bytes;
    None for a device that does not say.
    """
    if asked is not None:
        return Feeding(asked, f"asked for, with {amount(size)} of rows")
    if room is None or size <= room:
        return Feeding(
            "resident", f"{amount(size)} of rows" + ("" if room is None else f", with room for {amount(room)}")
        )
    return Feeding("mapped", f"{amount(size)} of rows, with room for {amount(room)}")


def amount(count: int) -> str:
    """So many bytes, in words."""
    return gigabytes(count) if count >= 10**8 else f"{count / 1e6:,.1f} MB"

"""The ways in which rows come to the device, which of them a training takes, and how long steps wait for rows."""

from typing import Literal, NamedTuple

from modelc.compiler.library.base.memory import gigabytes

Way = Literal["resident", "mapped", "decoded"]
"""All rows lie on the device; or those of some steps are gathered on the host, from arrays or from mapped files; or they are decoded
there, from the files that readers open.
"""


class Feeding(NamedTuple):
    """A way, and why it is taken."""

    way: Way
    reason: str


class Times(NamedTuple):
    """Seconds that steps have waited for rows, and that rows were gathered for; and of so many threads that decode rows, the seconds of
    all together that these were at work while a step waited.
    """

    waited: float = 0.0
    gathered: float = 0.0
    decoded: float = 0.0
    threads: int = 0

    def with_more(self, waited: float, gathered: float, decoded: float) -> "Times":
        """These, and so many seconds more."""
        return Times(self.waited + waited, self.gathered + gathered, self.decoded + decoded, self.threads)

    @property
    def busy(self) -> float | None:
        """The share of the time in which steps waited that the threads were at work; None where there are none, or nothing waited."""
        return self.decoded / (self.waited * self.threads) if self.waited and self.threads else None


NO_TIMES = Times()
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


def decoded_feeding(asked: Way | None, size: int) -> Feeding:
    """How to feed `size` bytes of rows that are decoded when they are asked for."""
    if asked is not None:
        return Feeding("decoded", f"asked for, with {amount(size)} of rows")
    return Feeding("decoded", f"{amount(size)} of rows, with room for them neither in memory nor in the cache")


def amount(count: int) -> str:
    """So many bytes, in words."""
    return gigabytes(count) if count >= 10**8 else f"{count / 1e6:,.1f} MB"

"""Decodes audio files with libsndfile, and brings them to a rate: what their content is decides, not how they are called.

Every file either gives its samples or a RunError that names it: a file that is cut off is none that is silent behind the cut.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.syntax.file_root import Root

if TYPE_CHECKING:
    from soundfile import SoundFile

FORMATS = ("WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "MP3", "AIFF", "AU", "CAF")
"""The formats that are read, as libsndfile calls them: those that say themselves what they are."""
MARGIN = 1
"""Seconds that are decoded behind the last sample that is used, which a change of the rate looks at."""
SIZES = re.compile(r": (\d+) \(should be (\d+)\)")
"""What libsndfile says of a part whose header has another size than it has."""
ENDLESS = 0x7FFF_0000
"""Sizes from here on are written where the end was not known, as into a pipe."""
REPAIR = "save it again from its original, or remove it"


def need_soundfile() -> None:
    """Raise RunError E405 unless the libraries for audio files are installed."""
    try:
        import soundfile  # noqa: F401  # only whether it is there
        import soxr  # noqa: F401  # only whether it is there
    except (ImportError, OSError):
        message = "audio files are read with soundfile and soxr, which are not installed"
        raise RunError("E405", message, helps=("`pip install 'modelc[audio]'`",)) from None


@contextmanager
def opened(root: Root, path: str) -> Iterator["SoundFile"]:
    """The file at `path`, of which nothing is decoded yet.

    Raises RunError E405 for a file that is not there, has no sound of a format that is read, no samples, or is damaged.
    """
    import soundfile

    with root.open(path) as file:
        try:
            with soundfile.SoundFile(file) as sound:
                if sound.format not in FORMATS:
                    raise no_sound(path)
                stated = [(int(size), int(found)) for size, found in SIZES.findall(sound.extra_info)]
                if any(found < size < ENDLESS for size, found in stated):
                    raise RunError("E405", f"{path!r} is damaged: it ends before its header says", helps=(REPAIR,))
                if not sound.frames:
                    raise RunError("E405", f"{path!r} has no samples", helps=("remove it",))
                yield sound
        except soundfile.LibsndfileError as error:
            reason = " ".join(str(error.error_string).split()).rstrip(".")
            if "unimplemented" in reason or "unknown format" in reason.lower() or "not recognised" in reason:
                raise no_sound(path) from None
            raise RunError("E405", f"{path!r} is damaged: {reason}", helps=(REPAIR,)) from None


def no_sound(path: str) -> RunError:
    """The error for a file that has no audio of a format that is read."""
    message = f"{path!r} has no sound of a format that is read: WAV, FLAC, Ogg, MP3, AIFF, AU or CAF"
    return RunError("E405", message, helps=("save it as WAV or FLAC, or remove it",))


def seconds_in(root: Root, path: str) -> float:
    """How long the file at `path` is, as its header says. Raises RunError as `opened`."""
    with opened(root, path) as sound:
        return float(sound.frames) / float(sound.samplerate)


def samples_in(sound: "SoundFile", path: str, rate: int, length: int, channels: int) -> NumpyArray:
    """The first `length` samples at a `rate`, float32 `[at most length, channels]`; one channel is the mean of all, and a single one
    is copied to several.

    Raises RunError E405 for a file that ends too early, has values that are no numbers, or other channels.
    """
    own = int(sound.samplerate)
    if sound.channels not in (1, channels) and channels != 1:
        message = f"{path!r} has {counted(sound.channels, 'channel')}, and the reader takes {channels}"
        raise RunError("E405", message, helps=("write `channels: 1` for their mean, or save it with as many",))
    wanted = min(-(-length * own // rate) + MARGIN * own, int(sound.frames))
    values: NumpyArray = sound.read(wanted, dtype="float32", always_2d=True)
    if len(values) < wanted:
        raise RunError("E405", f"{path!r} is damaged: it ends before its header says", helps=(REPAIR,))
    if not np.isfinite(values).all():
        raise RunError("E405", f"{path!r} has values that are NaN or infinite", helps=(REPAIR,))
    if channels == 1 and values.shape[1] > 1:
        values = values.mean(axis=1, keepdims=True, dtype="float32")
    if own != rate:
        import soxr

        values = soxr.resample(values, own, rate)
    return np.broadcast_to(values[:length], (min(len(values), length), channels))

"""The reader of audio files."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import TensorType, need, show_shape
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt
from modelc.compiler.library.readers.casts import plan_arrays
from modelc.compiler.library.readers.opened_files import FileReader, file_faults, need_path_column, paths_of, read_each

ENDINGS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64", ".rf64")
"""How the names of audio files end."""


class AudioReader(FileReader):
    """A column of paths of audio files, as their samples `[length, channels]`, -1 to 1 in float32.

    WAV, FLAC, Ogg (Vorbis and Opus), MP3, AIFF, AU and CAF, as the content of the file says, not its name. Files of another `rate` are
    brought to it by soxr, without frequencies that the rate has no room for. `length` is how many samples a row has, or `seconds` how
    long it is. Longer files are cut at the end, which the log says of how many training rows; behind the end of shorter ones are
    zeros. With `channels: 1` several channels become their mean; with more, files have as many,
    or one that is copied. Nothing is normalized; a file in floats keeps values beyond 1, and so may one of another rate. A file
    that is damaged, cut off, empty or no audio is an error, by name.

    For a spectrogram write the samples and let layers compute it, or save spectrograms as arrays or images.
    """

    primary = "column"
    endings = ENDINGS
    spellings = ("sound", "wav", "waveform", "audio_file", "decode_wav", "speech", "audio_dataset_from_directory")
    example = "audio: {column: file, rate: 16000, seconds: 1}"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("sample_rate", "sampling_rate", "sr", "fs", "target_sr", "frame_rate"), "write `rate: {value}`"),
        **dict.fromkeys(
            ("output_sequence_length", "num_samples", "desired_samples", "samples", "num_frames", "max_length", "maxlen"),
            "write `length: {value}`, how many samples a row has",
        ),
        **dict.fromkeys(("duration", "max_duration", "audio_file_length_limit_in_s"), "write `seconds: {value}`"),
        "mono": "write `channels: 1` for the mean of all channels, `channels: 2` for stereo",
        **dict.fromkeys(("desired_channels", "num_channels", "in_channels"), "write `channels: {value}`"),
        **dict.fromkeys(
            ("normalize", "standardize", "mean", "std"), "remove it: the layer `normalization`, as the first, does that"
        ),
        **dict.fromkeys(
            ("n_fft", "hop_length", "n_mels", "spectrogram", "mel", "mfcc", "win_length", "type"),
            "remove it: the reader gives samples; for spectrograms save them as arrays [time, bands], which `array` reads",
        ),
        "dtype": "remove it: the input says its dtype, `sound: {shape: [16000, 1]}`",
    }  # fmt: skip

    rate: Annotated[Size, Field(description="Samples per second; files of another rate are brought to it.")]
    length: Annotated[Size | None, Field(description="How many samples a row has.")] = None
    seconds: Annotated[float | None, Field(gt=0, description="How long a row is, in place of `length`.")] = None
    channels: Annotated[
        Size | None, Field(description="1 for the mean of all channels, 2 for stereo; by default those of the input.")
    ] = None

    @property
    def samples(self) -> int:
        """How many samples a row has."""
        return self.length if self.length is not None else max(1, round((self.seconds or 0) * self.rate))

    def way_to(self, shape: tuple[int, ...]) -> str:
        return f"the reader to `length: {shape[0]}, channels: {shape[1]}`" if len(shape) == 2 else ""

    def need_paths(self, columns: Mapping[str, Column] | None) -> None:
        need_path_column(self.column, columns, "samples in arrays are read with `array`")

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        self.need_paths(columns)
        message = f"how long a row is, is said {'twice, by `length` and `seconds`' if self.length else 'nowhere'}"
        help = "keep one of them" if self.length else "write `seconds: 1`, or `length: 16000` samples"
        need((self.length is None) != (self.seconds is None), message, help=help, code="E403")
        message = f"a row would have {self.samples:,} samples"
        need(self.samples < 2**31, message, help="read less of each file", code="E403")
        message = f"samples are floats here, but the input takes {wanted and wanted.dtype}"
        need(wanted is None or wanted.is_float, message, help="give the input `dtype: float32`", code="E402")
        own = self.channels or 1
        message = f"sound is [length, channels], and the input takes {show_shape(wanted.shape if wanted else ())}"
        help = f"give the input such a shape: `shape: [{self.samples}, {own}]`"
        need(wanted is None or len(wanted.shape) == 2, message, help=help, code="E402")
        channels = own if self.channels or wanted is None else wanted.shape[1]
        return TensorType((self.samples, channels), "float32" if wanted is None else wanted.dtype)

    def learn(self, columns: Arrays) -> Learnt:
        """How many of the training rows are longer than a row, and how long the longest is."""
        from modelc.compiler.library.readers.audio_files import need_soundfile, seconds_in

        need_soundfile()
        paths = paths_of(columns[self.column])
        found = np.zeros(len(paths))

        def look_at(row: int, path: str) -> None:
            found[row] = seconds_in(self.root, path)

        read_each(self.column, paths, look_at)
        over = int((found * self.rate > self.samples + 1).sum())
        return {"files": len(paths), "seconds": float(found.max(initial=0)), "cut": over}

    def remarks(self, learnt: Learnt) -> tuple[str, ...]:
        if learnt is None or not learnt["cut"]:
            return ()
        long = f"{learnt['cut']:,} of {counted(learnt['files'], 'file')} in the training rows are longer than "
        return (f"{long}{self.samples / self.rate:g} s and cut at the end; the longest has {learnt['seconds']:.3g} s",)

    def described(self, learnt: Learnt) -> tuple[str, ...]:
        return () if learnt is None else (f"the longest file has {learnt['seconds']:.3g} s",)

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        from modelc.compiler.library.readers.audio_files import need_soundfile, opened, samples_in

        need_soundfile()
        length, channels = plan_arrays(self, columns, wanted).shape

        def look_at(row: int, path: str) -> None:
            with opened(self.root, path) as sound:
                samples_in(sound, path, self.rate, length, channels)

        return file_faults(self.column, paths_of(columns[self.column]), look_at)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        from modelc.compiler.library.readers.audio_files import need_soundfile, opened, samples_in

        need_soundfile()
        planned, paths = plan_arrays(self, columns, wanted), paths_of(columns[self.column])
        length, channels = planned.shape
        result = np.zeros((len(paths), length, channels), "float32")

        def read_one(row: int, path: str) -> None:
            with opened(self.root, path) as sound:
                samples = samples_in(sound, path, self.rate, length, channels)
            result[row, : len(samples)] = samples

        read_each(self.column, paths, read_one)
        import ml_dtypes  # noqa: F401  # importing it teaches numpy the name bfloat16

        return result.astype(np.dtype(planned.dtype), copy=False)

"""Audio files as samples, beside SciPy's reader of WAV and its resampling."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from scipy.io import wavfile
from scipy.signal import _signaltools

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import PlanError
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers.audio import AudioReader
from modelc.compiler.library.readers.opened_files import BrokenFiles
from modelc.compiler.syntax.file_root import Root

TEXT = np.dtypes.StringDType()


def reader(folder: Path, **arguments: Any) -> AudioReader:
    return AudioReader.model_validate({"column": "file", **arguments}).below(Root(folder, folder / "cache"))


def read(folder: Path, *paths: str, **arguments: Any) -> Any:
    return reader(folder, **arguments).read({"file": np.array(paths, TEXT)}, None)


def tone(rate: int, seconds: float = 1.0, channels: int = 1, seed: int = 0) -> Any:
    """Some tones below 1,500 Hz, `[samples, channels]`."""
    draw, time = np.random.default_rng(seed), np.arange(int(rate * seconds)) / rate
    waves = [
        sum(
            draw.uniform(0.02, 0.1) * np.sin(2 * np.pi * draw.uniform(50, 1500) * time + draw.uniform(0, 6))
            for _ in range(5)
        )
        for _ in range(channels)
    ]
    return np.stack(waves, axis=1)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.filterwarnings("ignore:Chunk:scipy.io.wavfile.WavFileWarning")
def test_samples_are_those_of_scipy(tmp_path: Path, subtype: str, channels: int) -> None:
    soundfile.write(tmp_path / "a.wav", tone(8000, channels=channels), 8000, subtype=subtype)
    rate, values = wavfile.read(tmp_path / "a.wav")
    expected = values.reshape(len(values), -1).astype("float64")
    if values.dtype.kind == "u":
        expected = (expected - 128) / 128
    elif values.dtype.kind == "i":
        # SciPy puts 24 bits into the upper ones of 32.
        expected = expected / 2.0 ** (8 * values.dtype.itemsize - 1)
    found = read(tmp_path, "a.wav", rate=rate, length=8000, channels=channels)
    assert found.dtype == "float32" and found.shape == (1, 8000, channels)
    np.testing.assert_allclose(found[0], expected, atol=1e-7)


@pytest.mark.parametrize("form", ["FLAC", "AIFF", "CAF", "AU", "W64", "RF64"])
def test_formats_without_losses_have_the_samples_of_wav(tmp_path: Path, form: str) -> None:
    # Of floats, libsndfile writes other integers into FLAC than into WAV.
    wave = (tone(8000) * 2**15).astype("int16")
    for name, kind in (("a.wav", "WAV"), ("wrong.txt", form)):
        soundfile.write(tmp_path / name, wave, 8000, format=kind, subtype="PCM_16")
    found = read(tmp_path, "a.wav", "wrong.txt", rate=8000, length=8000)
    assert (found[0] == found[1]).all()


@pytest.mark.parametrize("form", ["OGG", "MP3"])
def test_formats_with_losses_are_near(tmp_path: Path, form: str) -> None:
    wave = tone(16000)
    soundfile.write(tmp_path / "a", wave, 16000, format=form)
    found = read(tmp_path, "a", rate=16000, length=16000)[0]
    assert np.sqrt(np.mean((found - wave) ** 2)) < 0.1 * np.sqrt(np.mean(wave**2))


@pytest.mark.parametrize(
    ("own", "rate"), [(8000, 16000), (44100, 16000), (48000, 16000), (22050, 8000), (16000, 44100)]
)
def test_another_rate_is_that_of_scipy_but_for_the_ends(tmp_path: Path, own: int, rate: int) -> None:
    wave = tone(own)
    soundfile.write(tmp_path / "a.wav", wave, own, subtype="FLOAT")
    found = read(tmp_path, "a.wav", rate=rate, seconds=1)[0]
    up, down = rate // np.gcd(own, rate), own // np.gcd(own, rate)
    expected = _signaltools.resample_poly(wave.astype("float32").astype("float64"), up, down, window=("kaiser", 12.0))[
        : len(found)
    ]
    inner = slice(rate // 20, -rate // 20)
    assert len(found) == rate
    np.testing.assert_allclose(found[inner], expected[inner], atol=2e-3)


def test_a_tone_that_the_rate_has_no_room_for_is_gone(tmp_path: Path) -> None:
    time = np.arange(48000) / 48000
    soundfile.write(tmp_path / "a.wav", 0.5 * np.sin(2 * np.pi * 7000 * time), 48000, subtype="FLOAT")
    found = read(tmp_path, "a.wav", rate=8000, seconds=1)[0]
    assert np.abs(found[400:-400]).max() < 1e-3


def test_longer_files_are_cut_and_shorter_ones_followed_by_zeros(tmp_path: Path) -> None:
    long, short = tone(8000, 3), tone(8000, 0.25, seed=1)
    for name, wave in (("long.wav", long), ("short.wav", short)):
        soundfile.write(tmp_path / name, wave, 8000, subtype="FLOAT")
    found = read(tmp_path, "long.wav", "short.wav", rate=8000, length=4000)
    np.testing.assert_allclose(found[0], long[:4000], atol=1e-7)
    np.testing.assert_allclose(found[1, :2000], short, atol=1e-7)
    assert not found[1, 2000:].any()
    whole = reader(tmp_path, rate=8000, length=4000)
    learnt = whole.learn({"file": np.array(["long.wav", "short.wav"], TEXT)})
    assert whole.remarks(learnt) == (
        "1 of 2 files in the training rows are longer than 0.5 s and cut at the end; the longest has 3 s",
    )


@pytest.mark.parametrize("own", [8000, 11025])
def test_what_lies_behind_the_cut_changes_nothing(tmp_path: Path, own: int) -> None:
    wave = tone(own, 4)
    for name, seconds in (("a.wav", 4), ("b.wav", 3)):
        soundfile.write(tmp_path / name, wave[: own * seconds], own, subtype="FLOAT")
    found = read(tmp_path, "a.wav", "b.wav", rate=8000, seconds=1)
    assert (found[0] == found[1]).all()


def test_channels_are_joined_copied_or_refused(tmp_path: Path) -> None:
    wave = tone(8000, channels=2)
    soundfile.write(tmp_path / "two.wav", wave, 8000, subtype="FLOAT")
    soundfile.write(tmp_path / "one.wav", wave[:, 0], 8000, subtype="FLOAT")
    np.testing.assert_allclose(read(tmp_path, "two.wav", rate=8000, length=8000)[0, :, 0], wave.mean(axis=1), atol=1e-7)
    copied = read(tmp_path, "one.wav", rate=8000, length=8000, channels=2)[0]
    assert (copied[:, 0] == copied[:, 1]).all()
    with pytest.raises(BrokenFiles) as caught:
        read(tmp_path, "two.wav", rate=8000, length=8000, channels=3)
    assert "'two.wav' has 2 channels, and the reader takes 3" in caught.value.message


def damaged(form: str, cut: float) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.random.default_rng(0).uniform(-0.1, 0.1, (9000, 1)), 8000, format=form)
    whole = file.getvalue()
    return whole[: int(len(whole) * cut)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no sound of a format that is read|is damaged"),
        (b"no sound at all, but a text of some length that goes on and on", "has no sound of a format that is read"),
        (damaged("WAV", 0.5), "is damaged: it ends before its header says"),
        (damaged("AIFF", 0.5), "is damaged: it ends before its header says"),
        (damaged("FLAC", 0.5), "is damaged"),
        (damaged("OGG", 0.5), "is damaged|has no samples"),
        (damaged("WAV", 0.0025), "is damaged|has no sound"),
    ],
    ids=range(7),
)
def test_files_that_are_none_are_errors_by_name(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "bad.wav").write_bytes(content)
    soundfile.write(tmp_path / "good.wav", tone(8000), 8000)
    with pytest.raises(BrokenFiles, match=said) as caught:
        read(tmp_path, "good.wav", "bad.wav", rate=8000, length=16000)
    assert caught.value.row == 1 and "'bad.wav'" in caught.value.message
    faults = reader(tmp_path, rate=8000, length=16000).faults({"file": np.array(["good.wav", "bad.wav"], TEXT)}, None)
    assert [*faults] == [1] and faults[1].value == "bad.wav"


def test_empty_files_and_values_that_are_none_are_errors(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 1)), 8000)
    soundfile.write(tmp_path / "nan.wav", np.array([0.1, np.nan]), 8000, subtype="FLOAT")
    with pytest.raises(BrokenFiles) as caught:
        read(tmp_path, "empty.wav", "nan.wav", "gone.wav", rate=8000, length=4)
    assert [fault.message for fault in caught.value.faults.values()] == [
        "'empty.wav' has no samples",
        "'nan.wav' has values that are NaN or infinite",
        "there is no file 'gone.wav'",
    ]


def test_a_wav_that_was_written_into_a_pipe_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(8000), 8000, subtype="PCM_16")
    data = bytearray((tmp_path / "a.wav").read_bytes())
    place = data.index(b"data")
    data[4:8] = data[place + 4 : place + 8] = b"\xff\xff\xff\xff"
    (tmp_path / "pipe.wav").write_bytes(data)
    found = read(tmp_path, "a.wav", "pipe.wav", rate=8000, length=8000)
    assert (found[0] == found[1]).all()


@pytest.mark.parametrize(
    ("arguments", "wanted", "said"),
    [
        ({"rate": 8000}, None, "how long a row is, is said nowhere"),
        ({"rate": 8000, "length": 8, "seconds": 1}, None, "said twice"),
        ({"rate": 8000, "seconds": 1e9}, None, "a row would have 8,000,000,000,000 samples"),
        ({"rate": 8000, "length": 8}, TensorType((8, 1), "int32"), "samples are floats"),
        ({"rate": 8000, "length": 8}, TensorType((8,), "float32"), r"sound is \[length, channels\]"),
    ],
)
def test_plans_that_do_not_fit_are_refused(arguments: dict[str, Any], wanted: TensorType | None, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        AudioReader.model_validate({"column": "file", **arguments}).plan(
            {"file": Column(TensorType((), "str"))}, wanted
        )


def test_channels_are_those_of_the_input_by_default() -> None:
    stereo = AudioReader.model_validate({"column": "file", "rate": 8000, "seconds": 0.5})
    assert stereo.plan(None, TensorType((4000, 2), "float32")) == TensorType((4000, 2), "float32")
    assert stereo.plan(None, None) == TensorType((4000, 1), "float32")


def test_without_the_libraries_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(RunError) as caught:
        read(tmp_path, "a.wav", rate=8000, length=4)
    assert caught.value.helps == ("`pip install 'modelc[audio]'`",)

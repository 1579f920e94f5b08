"""What is said of a run that a command cannot use, in each state that a run can be in: it can be done, and then helps."""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.runtime.runs.metrics_log import MetricsPart
from modelc.runtime.runs.run_record import Failure, read_record, record_bytes
from modelc.runtime.runs.sealed_json import sealed
from tests.cli.commands import Ended, modelc
from tests.cli.test_suggested_commands import suggested

SPEC = """\
modelc: 1
name: n
model: {inputs: {x: {shape: [4]}}, layers: [{dense: 2, name: y}]}
data: {source: {npz: rows.npz}, targets: {y: {array: y}}, validation: 4}
train: {loss: mean_squared_error, optimizer: sgd, epochs: 2, batch_size: 16}
"""
RUN = "runs/n/r"
COMMANDS = {
    "resume": ("train", "--resume", RUN),
    "debug": ("debug", RUN),
    "evaluate": ("evaluate", RUN),
    "latest": ("evaluate", "runs/n"),
    "predict": ("predict", RUN, "--output", "p.csv"),
    "reproduce": ("reproduce", RUN),
    "reproduce the latest": ("reproduce", "runs/n"),
    "tag": ("train", "n.yaml", "--tag", "t"),
}
NAME_IT = re.compile(r"to .*, name it: `(.*)`")
OF_A_DISK, OF_TRAINING = Failure(code="E604", message="the disk is full"), Failure(code="E501", message="NaN")


@dataclass(frozen=True)
class Place:
    """A folder with a project whose run is in some state; `whole` is the project as it is after training."""

    folder: Path
    whole: Path
    held: ExitStack

    @property
    def run(self) -> Path:
        return self.folder / RUN

    def record(self, **fields: Any) -> None:
        (self.run / "run.json").write_bytes(record_bytes(read_record(self.run).model_copy(update=fields)))

    def remove(self, *names: str) -> None:
        for name in names:
            shutil.rmtree(self.run / name)

    def lock(self) -> None:
        descriptor = os.open(self.run / "lock", os.O_RDWR | os.O_CREAT)
        self.held.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def replace(self) -> None:
        """Put the run as it was after training in place of this one."""
        self.held.close()
        shutil.rmtree(self.run)
        shutil.copytree(self.whole / RUN, self.run)


State = Callable[[Place], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    np.savez(folder / "rows.npz", x=np.eye(20, 4, dtype=np.float32), y=np.ones((20, 2), np.float32))
    (folder / "n.yaml").write_text(SPEC)
    ended = modelc("train", "n.yaml", "--run-dir", RUN, "--tag", "t", cwd=folder)
    assert ended.code == 0, ended.err
    return folder


@pytest.fixture
def made(whole: Path, tmp_path: Path) -> "Iterator[Callable[[State], Place]]":
    """Makes a project with a run in some state, as often as it is asked for."""
    numbers = count()
    with ExitStack() as held:

        def make(state: State) -> Place:
            place = Place(
                Path(shutil.copytree(whole, tmp_path / str(next(numbers)))), whole, held.enter_context(ExitStack())
            )
            state(place)
            return place

        yield make


def begun(place: Place) -> None:
    """A run as it is when it begins."""
    place.remove("weights", "checkpoints")
    (place.run / "metrics.jsonl").write_bytes(b"")
    fresh = {"status": "running", "ended": None, "epoch": 0, "step": 0, "best": None}
    place.record(**fresh, metrics=MetricsPart(lines=0, size=0, digest=""))


def created(place: Place) -> None:
    begun(place)
    place.lock()


def training(place: Place) -> None:
    killed_before_a_checkpoint(place)
    place.lock()


def killed_at_once(place: Place) -> None:
    begun(place)


def killed_before_a_checkpoint(place: Place) -> None:
    place.record(status="running", ended=None)
    place.remove("checkpoints")


def killed_after_a_checkpoint(place: Place) -> None:
    place.record(status="running", ended=None)


def killed_between_checkpoint_and_weights(place: Place) -> None:
    killed_after_a_checkpoint(place)
    place.record(best=None)
    place.remove("weights")


def interrupted(place: Place) -> None:
    place.record(status="interrupted")


def interrupted_at_once(place: Place) -> None:
    begun(place)
    place.record(status="interrupted")


def failed_of_the_disk(place: Place) -> None:
    place.record(status="failed", failure=OF_A_DISK)


def failed_of_the_disk_at_once(place: Place) -> None:
    begun(place)
    place.record(status="failed", failure=OF_A_DISK)


def failed_in_training(place: Place) -> None:
    (place.run / "checkpoints").rename(place.run / "failed")
    place.remove("weights")
    place.record(status="failed", failure=OF_TRAINING, best=None)


def finished_without_a_checkpoint(place: Place) -> None:
    place.remove("checkpoints")


def damaged_record(place: Place) -> None:
    (place.run / "run.json").write_bytes(b"{}")


def damaged_spec(place: Place) -> None:
    (place.run / "resolved.json").write_bytes(b"{}")


def damaged_weights(place: Place) -> None:
    for kind in ("best", "last"):
        (place.run / "weights" / kind / "params.safetensors").write_bytes(b"")


def damaged_checkpoint(place: Place) -> None:
    for checkpoint in (place.run / "checkpoints").iterdir():
        (checkpoint / "params.safetensors").write_bytes(b"")


def damaged_metrics(place: Place) -> None:
    (place.run / "metrics.jsonl").write_bytes(b"{}\n")


def newer(place: Place, *names: str) -> None:
    for name in names:
        found = {key: value for key, value in json.loads((place.run / name).read_bytes()).items() if key != "seal"}
        (place.run / name).write_bytes(sealed({**found, "format": 9}))


def newer_record(place: Place) -> None:
    newer(place, "run.json")


def newer_weights(place: Place) -> None:
    newer(place, "weights/best/manifest.json")


def newer_checkpoint(place: Place) -> None:
    newer(place, f"checkpoints/{next((place.run / 'checkpoints').iterdir()).name}/manifest.json")


TRAIN, GO_ON = "train it again: `modelc train n.yaml`", f"to go on with it: `modelc train --resume {RUN}`"
LOOK, USE = (
    f"to see what was not finite: `modelc debug {RUN}`",
    f"to use the weights that it saved: `modelc evaluate {RUN}`",
)
NAMED, AGAIN = f"to use what it saved, name it: `{RUN}`", f"to reproduce it all the same, name it: `{RUN}`"
END, EPOCH = "wait until it has ended", "wait until its first epoch is over: then it saves some"
STEP = "wait until it has saved one, which it does at the latest when it ends"
STOP = "let it end, or stop it by Ctrl-C or SIGTERM, which save: then go on with it"
LATER, OTHER = "reproduce it once it has ended", "choose another tag"
INTACT = "train again, or copy the whole run again from an intact copy"
VERSION = "use the version of modelc that trained it, or a later one"
MORE = f"to train on, give it more: `modelc train --resume {RUN} --set train.epochs=NUMBER`"
OR_REMOVE = f"{OTHER}, or remove that run"
ALL_WEIGHTS = ("evaluate", "latest", "predict", "reproduce", "reproduce the latest")

SAID: dict[State, dict[str, tuple[str, ...]]] = {
    created: {
        "resume": (STOP,),
        "debug": (STEP,),
        "evaluate": (EPOCH,),
        "predict": (EPOCH,),
        "latest": (END,),
        "reproduce": (LATER,),
        "reproduce the latest": (END,),
        "tag": (OTHER,),
    },
    training: {
        "resume": (STOP,),
        "debug": (STEP,),
        "latest": (END, NAMED),
        "reproduce": (LATER,),
        "reproduce the latest": (END,),
        "tag": (OTHER,),
    },
    killed_at_once: {**dict.fromkeys(("resume", "debug", *ALL_WEIGHTS), (TRAIN,)), "tag": (OR_REMOVE,)},
    killed_before_a_checkpoint: {
        "resume": (USE, TRAIN),
        "debug": (USE, TRAIN),
        "latest": (NAMED,),
        "reproduce the latest": (AGAIN,),
        "tag": (OR_REMOVE,),
    },
    killed_after_a_checkpoint: {
        "latest": (NAMED, GO_ON),
        "reproduce the latest": (AGAIN, GO_ON),
        "tag": (OR_REMOVE, GO_ON),
    },
    killed_between_checkpoint_and_weights: {**dict.fromkeys(ALL_WEIGHTS, (GO_ON,)), "tag": (OR_REMOVE, GO_ON)},
    interrupted: {"tag": (OR_REMOVE, GO_ON)},
    interrupted_at_once: dict.fromkeys(("resume", "debug", *ALL_WEIGHTS), (TRAIN,)),
    failed_of_the_disk: {"latest": (NAMED, GO_ON), "reproduce the latest": (AGAIN, GO_ON)},
    failed_of_the_disk_at_once: dict.fromkeys(("resume", "debug", *ALL_WEIGHTS), (TRAIN,)),
    failed_in_training: {
        **dict.fromkeys(("resume", "evaluate", "latest", "predict"), (LOOK,)),
        "reproduce the latest": (AGAIN, LOOK),
    },
    finished_without_a_checkpoint: {"resume": (USE, TRAIN), "debug": (USE, TRAIN), "tag": (OR_REMOVE,)},
    damaged_record: dict.fromkeys(("resume", "debug", *ALL_WEIGHTS), (INTACT,)),
    damaged_spec: {**dict.fromkeys(("resume", "debug", *ALL_WEIGHTS), (INTACT,)), "tag": (OR_REMOVE,)},
    damaged_weights: {"resume": (MORE,), **dict.fromkeys(ALL_WEIGHTS, (INTACT,)), "tag": (OR_REMOVE,)},
    damaged_checkpoint: {"resume": (INTACT,), "debug": (INTACT,), "tag": (OR_REMOVE,)},
    damaged_metrics: {
        "resume": (MORE,),
        **dict.fromkeys(("reproduce", "reproduce the latest"), (INTACT,)),
        "tag": (OR_REMOVE,),
    },
    newer_record: dict.fromkeys(("resume", "debug", *ALL_WEIGHTS), (VERSION,)),
    newer_weights: {"resume": (MORE,), **dict.fromkeys(ALL_WEIGHTS, (VERSION,)), "tag": (OR_REMOVE,)},
    newer_checkpoint: {"resume": (VERSION,), "debug": (VERSION,), "tag": (OR_REMOVE,)},
}
"""What each command that does not take a run in some state says to do; all others take it."""
TAKEN = (0, 1)
"""The exit codes of a command that takes a run: what is reproduced of a made record is not the same."""


def helps_of(ended: Ended) -> tuple[str, ...]:
    return tuple(re.findall(r"^  = help: (.*)$", ended.err, re.MULTILINE))


def follow(place: Place, words: tuple[str, ...], help: str) -> Ended:
    """Do what `help` says that can be done about the command `words`."""
    if named := NAME_IT.fullmatch(help):
        words = tuple(named[1] if word == "runs/n" else word for word in words)
    elif commands := suggested(Ended(0, help, "")):
        words = tuple(word.replace("NUMBER", "5") for word in commands[0][1:])
    elif help in (OTHER, OR_REMOVE):
        words = (*words[:-1], "another")
    elif help == INTACT:
        place.replace()
    else:
        assert help in (END, EPOCH, STEP, STOP, LATER)
        place.replace()
        place.record(status="interrupted")
    return modelc(*words, cwd=place.folder)


def followed(place: Place, words: tuple[str, ...], help: str) -> Ended:
    """What comes of doing what `help` says, and what is said then: a run that is whole may need more epochs to go on."""
    for _ in range(3):
        ended = follow(place, words, help)
        if ended.code in TAKEN:
            break
        help = helps_of(ended)[0]
    return ended


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize("state", SAID, ids=lambda state: state.__name__)
def test_what_is_said_of_a_run_that_cannot_be_used_can_be_done(made: Callable[[State], Place], state: State) -> None:
    place, done = made(state), set[str]()
    for name, expected in SAID[state].items():
        words = COMMANDS[name]
        ended = modelc(*words, cwd=place.folder)
        assert (ended.code, helps_of(ended)) == (4, expected), (name, ended)
        for help in expected:
            if help not in (*done, VERSION):
                assert followed(made(state), words, help).code in TAKEN, (name, help)
            done.add(help)


@pytest.mark.parametrize(
    "state", [interrupted, killed_after_a_checkpoint, failed_in_training], ids=lambda state: state.__name__
)
def test_a_command_that_nothing_is_said_of_takes_the_run(made: Callable[[State], Place], state: State) -> None:
    for name in COMMANDS.keys() - SAID[state].keys():
        ended = modelc(*COMMANDS[name], cwd=made(state).folder)
        assert ended.code in TAKEN and not helps_of(ended), (name, ended)


@pytest.mark.parametrize("state", [newer_record, newer_weights, newer_checkpoint], ids=lambda state: state.__name__)
def test_verify_says_what_a_later_version_has_written(made: Callable[[State], Place], state: State) -> None:
    ended = modelc("verify", RUN, cwd=made(state).folder)
    assert ended.code == 1 and "wrong" not in ended.out and "  newer " in ended.out
    assert "json: is in format 9, this version of modelc reads format " in ended.out
    assert "1 in a format that this version of modelc does not know" in ended.out
    assert ended.out.endswith(f"  = help: {VERSION}\n\n")

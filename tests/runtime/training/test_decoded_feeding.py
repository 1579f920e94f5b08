"""Images train the same bits resident, mapped and decoded on the way, also stopped and gone on with; what happens to their files meanwhile
is said, and nothing that was learnt is lost.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.api import load
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.baselines.targets import wanted_of
from modelc.runtime.data import decoded_rows, preparation, prepared_rows, row_memory
from modelc.runtime.data.class_balance import balanced
from modelc.runtime.data.data_check import check_data, need_counted
from modelc.runtime.data.dataset import Dataset, complete, read_dataset
from modelc.runtime.data.decoded_rows import has_decoded, is_decoded
from modelc.runtime.data.gathering import is_mapped
from modelc.runtime.data.prepared import cache
from modelc.runtime.data.prepared_rows import Reading, dataset_of
from modelc.runtime.evaluate import evaluate
from modelc.runtime.training import evaluation, gathered_rows
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.observer import Checkpoint
from modelc.runtime.training.ways_of_feeding import Feeding, Times, Way
from tests.compiler.library.readers.image_files import drawn, save
from tests.runtime.data.test_prepared_files import SPECS, of_kinds, spec, write_images
from tests.runtime.tables import columns, root_of, settle, table_spec, write_table
from tests.runtime.training.test_resume import Keeper, need_same
from tests.runtime.watching import Watcher

WAYS: tuple[Way, ...] = ("resident", "mapped", "decoded")
ROWS = 26


def read(raw: dict[str, Any], root: Root, way: Way, **given: Any) -> Dataset:
    task, _ = complete(load(raw), root)
    return dataset_of(task, root, reading=Reading(lambda size: way == "mapped", decode=way == "decoded"), **given)


def loop_of(raw: dict[str, Any], root: Root, way: Way, keeper: Keeper, chunk: int = 2) -> Loop:
    task, _ = complete(load(raw), root)
    dataset = read(raw, root, way)
    execution = Execution("scan", chunk, "test", feeding=Feeding(way, "test"))
    return Loop(prepare(task), dataset, execution, Watcher(), lambda: False, keeper)


def held_as(loop: Loop, way: Way) -> bool:
    """Whether the inputs of training are where a way has them."""
    arrays = [*loop.dataset.train.inputs.values()]
    found = [is_decoded(array) if way == "decoded" else is_mapped(array) == (way == "mapped") for array in arrays]
    return all(found) and (way == "decoded" or not has_decoded(loop.dataset.train))


def copied() -> dict[str, Any]:
    """An autoencoder, whose target is the photo."""
    raw = spec(targets={"again": {"same_as": "photo"}})
    raw["model"]["layers"] = [{"conv2d": {"filters": 3, "kernel_size": 3, "padding": "same"}, "name": "again"}]
    raw["train"]["loss"] = "mean_squared_error"
    return raw


def with_train(raw: dict[str, Any], **train: Any) -> dict[str, Any]:
    return {**raw, "train": {**raw["train"], **train}}


FOLDERS = {"files": {"patterns": {"photo": "photos/*/*.png"}}}
KINDS: dict[str, dict[str, Any]] = {
    "labels": spec(augment=[{"random_flip": "horizontal", "of": ["photo", "mask"]}]),
    "classes": with_train(of_kinds(FOLDERS, "folder"), metrics=["accuracy"], shuffle=False),
    "blocks": with_train(of_kinds({"csv": "rows.csv"}, "kind"), shuffle={"blocks": 2}, batch_size=3),
    "mixed": {
        **SPECS["table"],
        "data": {**SPECS["table"]["data"], "augment": [{"mixup": 0.3}, {"random_rotation": 0.1, "of": "photo"}]},
    },
    "drawn": {**SPECS["table"], "data": {**SPECS["table"]["data"], "sampling": {"balanced": "kind"}}},
    "copied": copied(),
    "texts": SPECS["texts"],
}


def ends(raw: dict[str, Any], root: Root, way: Way) -> tuple[list[Checkpoint], Checkpoint]:
    """The checkpoints of a training, and the end of one that goes on from the middle of it."""
    keeper, again = Keeper(), Keeper()
    loop = loop_of(raw, root, way, keeper)
    assert held_as(loop, way)
    loop.run(loop.first())
    other = loop_of(raw, root, way, again)
    other.run(other.resumed(keeper.kept[len(keeper.kept) // 2]))
    return keeper.kept, again.kept[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_images_train_the_same_bits_in_each_way(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A step or two of a few photos at a time.
    monkeypatch.setattr(gathered_rows, "MOST_BYTES", 6 * 6 * 4 * 4 * 9)
    root, raw = write_images(tmp_path, ROWS), with_train(KINDS[kind], epochs=3)
    found = {way: ends(raw, root, way) for way in WAYS}
    kept, _ = found["resident"]
    for way in WAYS:
        need_same(found[way][0][-1], kept[-1])
        need_same(found[way][1], kept[-1])
    # One that is decoded goes on resident, and the reverse.
    half, keeper = found["decoded"][0][len(found["decoded"][0]) // 2], Keeper()
    loop = loop_of(raw, root, "resident", keeper)
    loop.run(loop.resumed(half))
    need_same(keeper.kept[-1], kept[-1])


def test_a_table_whose_rows_are_mixed_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    write_table(tmp_path, "csv", columns(61))
    root, raw = root_of(tmp_path), table_spec(epochs=4, data={"augment": [{"mixup": 0.4}]})
    found = [ends(raw, root, way) for way in ("resident", "mapped")]
    for kept, again in found:
        need_same(again, kept[-1])
        need_same(kept[-1], found[0][0][-1])
    plain, _ = ends(table_spec(epochs=4), root, "resident")
    assert plain[-1].arrays["params"].keys() == found[0][0][-1].arrays["params"].keys()
    assert any(
        (plain[-1].arrays["params"][name] != one).any() for name, one in found[0][0][-1].arrays["params"].items()
    )


def test_decoded_rows_are_those_that_are_read_at_once(tmp_path: Path) -> None:
    root = write_images(tmp_path, ROWS)
    for kind in ("segmentation", "table", "texts"):
        task, _ = complete(load(SPECS[kind]), root)
        wanted, found = read_dataset(task, root), read(SPECS[kind], root, "decoded")
        again = read(SPECS[kind], root, "decoded", learnt=wanted.train.learnt, known=wanted.digests)
        assert found.digests == again.digests == wanted.digests and found.profiles == wanted.profiles
        assert found.train.learnt == wanted.train.learnt and found.notes == wanted.notes
        for name in ("train", "validation", "test"):
            one, other = getattr(found, name), getattr(wanted, name)
            assert (one.rows, list(one.targets)) == (other.rows, list(other.targets)) and one.bytes == other.bytes
            np.testing.assert_array_equal(one.numbers, other.numbers)
            for given, arrays in ((one.inputs, other.inputs), (one.targets, other.targets)):
                for key, array in arrays.items():
                    assert given[key].shape == array.shape and given[key].dtype == array.dtype
                    np.testing.assert_array_equal(given[key][:], array)
                    np.testing.assert_array_equal(given[key][np.array([1, 0, 1])], array[[1, 0, 1]])


def test_rows_that_are_left_out_are_so_in_each_way(tmp_path: Path) -> None:
    root, raw = write_images(tmp_path, ROWS), SPECS["table"]
    raw = {**raw, "data": {**raw["data"], "on_bad_row": "skip"}}
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    lines[4:4] = ["photos/a/00.png,1,2", "photos/a/none.png,0"]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    settle(tmp_path / "rows.csv")
    broken(tmp_path / "photos/b/07.png")
    settle(tmp_path / "photos/b/07.png")
    task, _ = complete(load(raw), root)
    wanted = read_dataset(task, root)
    assert sum(len(part.rows) for part in wanted.skipped) == 3
    for way in WAYS:
        found = read(raw, root, way)
        assert (found.skipped, found.notes, found.digests) == (wanted.skipped, wanted.notes, wanted.digests)
        for name in ("train", "validation", "test"):
            one, other = getattr(found, name), getattr(wanted, name)
            np.testing.assert_array_equal(one.numbers, other.numbers)
            np.testing.assert_array_equal(one.inputs["photo"][:], other.inputs["photo"])
            np.testing.assert_array_equal(one.targets["kind"], other.targets["kind"])


def gone(path: Path) -> None:
    path.unlink()


def changed(path: Path) -> None:
    save(path.parent, path.name, drawn(6, 6, seed=77))


def broken(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n")


def linked(path: Path) -> None:
    path.rename(path.parent.parent.parent / "elsewhere.png")
    path.symlink_to("/etc/passwd")


HARMS: dict[Callable[[Path], None], str] = {
    gone: "is gone since its rows were checked",
    changed: "has changed since its rows were checked",
    broken: "has changed since its rows were checked",
    linked: "is gone since its rows were checked",
}


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_file_that_changes_while_it_is_trained_on_is_named_and_nothing_is_lost(
    part: str, harm: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several batches of validation rows, none of which is still there when it is asked for again.
    monkeypatch.setattr(gathered_rows, "MOST_BYTES", 1)
    monkeypatch.setattr(evaluation, "EVALUATION_ROWS", 2)
    root, raw, keeper = write_images(tmp_path, ROWS), with_train(SPECS["table"], epochs=6), Keeper(10**6)
    before, photos = Keeper(), {path: path.read_bytes() for path in tmp_path.glob("photos/*/*.png")}
    whole = loop_of(raw, root, "resident", before)
    whole.run(whole.first())
    loop = loop_of(raw, root, "decoded", keeper)
    state = loop.train_epoch(loop.first())
    rows = getattr(loop.dataset, part)
    path = tmp_path / str(rows.inputs["photo"].columns["photo"][1])
    harm(path)
    with pytest.raises(RunError) as caught:
        loop.run(state)
    assert caught.value.code == "E405" and caught.value.message == f"{str(path.relative_to(tmp_path))!r} {HARMS[harm]}"
    assert "go on with `--resume`" in caught.value.helps[0]
    (saved,) = keeper.kept
    assert loop.per_epoch <= saved.step < loop.settings.total_steps(loop.rows)
    path.unlink(missing_ok=True)
    path.write_bytes(photos[path])
    again = Keeper()
    other = loop_of(raw, root, "decoded", again)
    other.run(other.resumed(saved))
    need_same(again.kept[-1], before.kept[-1])


def test_all_broken_files_are_counted_before_the_first_step(tmp_path: Path) -> None:
    root = write_images(tmp_path, ROWS)
    for number in (3, 21):
        broken(tmp_path / f"photos/b/{number:02}.png")
    with pytest.raises(
        RunError, match="2 of 26 files of `photo` cannot be read, the first in row 3, line 5 of"
    ) as caught:
        read(SPECS["table"], root, "decoded")
    assert caught.value.code == "E407"


def test_rows_are_decoded_where_neither_the_memory_nor_the_cache_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_images(tmp_path, ROWS)
    task, _ = complete(load(spec()), root)

    def is_decoded_where(is_large: bool, share: int, reading: Reading) -> bool:
        monkeypatch.setattr(prepared_rows, "is_beyond_memory", lambda size: is_large)
        monkeypatch.setattr(cache, "SHARE", share)
        return has_decoded(dataset_of(task, root, reading=reading).train)

    assert is_decoded_where(True, 2**60, Reading())
    assert not is_decoded_where(False, 2**60, Reading())
    assert not is_decoded_where(True, 2**60, Reading(decode=False))
    assert not [*(root.cache / "prepared").glob("*/record.json")]
    assert not is_decoded_where(True, 5, Reading())
    # What was kept by then is used.
    assert not is_decoded_where(True, 2**60, Reading())


def test_images_that_do_not_fit_into_memory_are_validated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_images(tmp_path, ROWS)
    task = load(spec())
    assert check_data(task, root) == ()
    monkeypatch.setattr(row_memory, "available_memory", lambda: 10_000)
    (problem,) = check_data(task, root)
    assert problem.code == "E502"
    monkeypatch.setattr(preparation, "BYTES", 1)
    monkeypatch.setattr(prepared_rows, "available_memory", lambda: 10_000)
    assert check_data(task, root) == ()
    broken(tmp_path / "masks/b/21.png")
    (problem,) = check_data(task, root)
    assert problem.code == "E407" and problem.message.startswith("`mask` in row 23: 'masks/b/21.png'")


def test_checks_of_targets_look_at_some_decoded_rows_after_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_images(tmp_path, ROWS)
    raw = with_train(spec(), loss={"cross_entropy": {"class_weight": "balanced"}}, metrics=["mean_iou"])
    task, _ = complete(load(raw), root)
    wanted, found = read(raw, root, "resident"), read(raw, root, "decoded")
    for room in (1, 2**26):
        monkeypatch.setattr(decoded_rows, "BYTES", room)
        need_counted(task, found)
        assert balanced(task, found.train).terms == balanced(task, wanted.train).terms
    task = balanced(task, wanted.train)
    (output,) = task.outputs.values()
    one, other = wanted_of(task, output, found.train), wanted_of(task, output, wanted.train)
    assert one is not None and other is not None
    np.testing.assert_array_equal(one.values, other.values)
    monkeypatch.setattr(decoded_rows, "available_memory", lambda: 1000)
    assert wanted_of(task, output, found.train) is None


def test_labels_of_which_none_counts_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded_rows, "BYTES", 1)
    root = write_images(tmp_path, ROWS)
    for path in tmp_path.glob("masks/*/*.png"):
        save(path.parent, path.name, np.full((6, 6), 255, "uint8"))
    raw = spec(targets={"mask": {"label_image": {"column": "mask", "size": 6, "classes": 2, "ignore": 255}}})
    task, _ = complete(load(raw), root)
    with pytest.raises(RunError, match="no training row counts in the loss of `mask`"):
        need_counted(task, read(raw, root, "decoded"))


def test_decoded_rows_have_the_scores_of_others(tmp_path: Path) -> None:
    root, keeper = write_images(tmp_path, ROWS), Keeper()
    loop = loop_of(spec(), root, "resident", keeper)
    loop.run(loop.first())
    assert isinstance(loop.observer, Watcher)
    snapshot = loop.observer.snapshots[-1]
    scores = []
    for way in WAYS:
        part = read(spec(), root, way).test
        assert part is not None
        scores.append(evaluate(loop.task, snapshot.params, snapshot.state, part))
    assert scores[0] == scores[1] == scores[2]


def test_the_share_of_the_time_that_threads_decode_is_measured(tmp_path: Path) -> None:
    loop = loop_of(SPECS["table"], write_images(tmp_path, ROWS), "decoded", Keeper())
    outcome = loop.run(loop.first())
    assert outcome.rows.waited > 0 and outcome.rows.gathered > 0
    assert outcome.rows.busy is not None and 0 < outcome.rows.busy <= 1
    assert Times(2.0, 9.0, 3.0, 2).busy == 0.75 and Times(2.0).busy is None and Times(threads=2).busy is None

"""What is drawn with data and training is trained, to the same bits each time and where it was stopped; damaged, it ends in errors with a
code and a line.
"""

import json
import random
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.api import check_file
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.syntax.file_root import Root
from tests.drawn_rows import write_rows
from tests.drawn_tasks import FIRST, task
from tests.mutations import damage, put, values
from tests.runtime.small import ready
from tests.runtime.training.test_resume import Keeper, loop_of, need_same
from tests.runtime.watching import Watcher

KEYS = {
    *("rows", "windows", "gaps", "span", "tokens", "npy", "parts", "in_json", "sampling"),
    *("on_bad_row skip", "validation of its own", "moved images", "mixup", "cutmix", "mask_tokens"),
}


def keys_of(data: dict[str, Any]) -> set[str]:
    """What is drawn in a `data` section, of `KEYS` and others."""
    changes = {key for change in data.get("augment", []) for key in change}
    sources = [value for key, value in data.items() if key in ("source", "validation", "test")]
    return {
        *data,
        *changes,
        *(kind for source in sources if isinstance(source, dict) for kind in source),
        *(word for word in ("parts", "in_json", "span") if f"'{word}'" in str(data)),
        "windows" if "windows" in data else "rows",
        "gaps" if isinstance(data.get("windows", {}).get("gaps"), dict) else "",
        f"on_bad_row {data.get('on_bad_row')}",
        "validation of its own" if "later" in str(data["validation"]) else "",
        "moved images" if changes & {"random_flip", "random_rotation", "random_zoom"} else "",
    }


def test_a_drawn_task_gives_the_same_bits_twice_and_where_it_was_stopped(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    root, path = write_rows(tmp_path), tmp_path / "spec.json"
    drawn = {seed: task(seed) for seed in range(FIRST, FIRST + pytestconfig.getoption("drawn_tasks"))}
    assert set().union(*(keys_of(spec["data"]) for spec in drawn.values())) >= KEYS
    for seed, spec in drawn.items():
        path.write_text(json.dumps(spec), encoding="utf-8")
        watcher, keeper = Watcher(), Keeper()
        loop = loop_of(path, root, 1, watcher, keeper)
        loop.run(loop.first())
        kept, records = keeper.kept, [asdict(record) for record in watcher.records]
        assert all(np.isfinite(value) for record in watcher.records for value in record.values.values())
        assert len(kept) > 2 and "validation/loss" in records[-1]["values"]
        keeper.kept = []
        loop.run(loop.resumed(kept[seed % (len(kept) - 1)]))
        need_same(keeper.kept[-1], kept[-1])
        again = Keeper()
        other = loop_of(path, root, 3, Watcher(), again)
        other.run(other.first())
        need_same(again.kept[-1], kept[-1])


def swapped(data: Any, chance: random.Random) -> Any:
    """`data` with one word, or one number, in place of another: most of these are seen in the rows alone."""
    places = [(path, value) for path, value in values(data, ()) if isinstance(value, str | int | float)]
    if not places:
        return data
    path, value = chance.choice(places)
    words = [other for _, other in places if isinstance(other, str) == isinstance(value, str)]
    return put(data, path, chance.choice(words if isinstance(value, str) else [*words, 0, 1, 2, 3, 7, 0.5, 1000, -1]))


def outcome(path: Path, root: Root) -> tuple[str, list[Problem]]:
    """How checking a spec and reading its rows ends, and the errors at places of the spec."""
    if problems := list(check_file(path).errors):
        return "errors", problems
    try:
        ready(path, root)
    except SpecError as error:
        problems = [problem for problem in error.problems if problem.is_error]
        return ("errors" if problems else "an error without one"), problems
    except RunError as error:
        return ("run" if re.fullmatch("E[456][0-9]{2}", error.code) else error.code), []
    return "valid", []


def test_a_damaged_drawn_task_ends_in_errors_with_a_code_and_a_line(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    root, path = write_rows(tmp_path), tmp_path / "spec.json"
    ends: list[str] = []
    for seed in range(20 * pytestconfig.getoption("drawn_tasks")):
        spec = task(seed)
        chance = random.Random(seed)
        for _ in range(chance.choice((1, 1, 2))):
            section = chance.choice(("data", "data", "data", "train"))
            spec = {**spec, section: chance.choice((damage, swapped, swapped))(spec[section], chance)}
        text = json.dumps(spec, indent=1)
        path.write_text(text, encoding="utf-8")
        end, problems = outcome(path, root)
        ends.append(end)
        for problem in problems:
            assert re.fullmatch("E[0-9]{3}", problem.code), text
            # A file that is too large is refused as a whole, and problems that are not shown are of all of it.
            first = 0 if problem.code in ("E005", "E011") else 1
            assert first <= problem.label.place.line <= text.count("\n") + 1, (problem, text)
    assert ends.count("errors") > len(ends) / 3 and {*ends} == {"errors", "run", "valid"}, ends
    print({end: ends.count(end) for end in ends})

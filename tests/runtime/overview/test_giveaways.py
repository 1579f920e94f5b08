"""Columns that give a target away, and columns that only help to tell it."""

import numpy as np
import pytest

from modelc.runtime.data.arrays import Array
from modelc.runtime.data.variables import Variable, variables_of
from modelc.runtime.overview.giveaways import Candidate, giveaways

GENERATOR = np.random.default_rng(0)
ROWS = 200
PRICE = GENERATOR.lognormal(size=ROWS)
KIND = GENERATOR.integers(0, 3, ROWS)
NAMES = np.array(["flat", "house", "farm"])


def found_for(given: Array, target: Array, missing: Array | None = None) -> list[str]:
    variable = Variable("given", "given", given, missing)
    (wanted,) = variables_of({"target": target})
    return [one.how for one in giveaways([Candidate(variable, len(np.unique(variable.present)))], wanted)]


@pytest.mark.parametrize(
    ("given", "target", "how"),
    [
        (PRICE, PRICE, "is equal to"),
        (KIND.astype("float32"), KIND, "is equal to"),
        (PRICE * 1.08, PRICE, "grows with"),
        (-np.log(PRICE), PRICE, "falls with"),
        (
            NAMES[KIND],
            KIND,
            "each of the 3 values of `given` goes with one value of the target `target`, and the other way round",
        ),
        (
            KIND * 2 + GENERATOR.integers(0, 2, ROWS),
            NAMES[KIND],
            "each of the 6 values of `given` goes with one value of",
        ),
        (KIND + GENERATOR.uniform(0, 0.9, ROWS), KIND, "3 intervals of `given` tell the target"),
    ],
)
def test_what_gives_a_target_away_is_found(given: Array, target: Array, how: str) -> None:
    (said,) = found_for(given, target)
    assert how in said


@pytest.mark.parametrize(
    ("given", "target"),
    [
        (np.arange(ROWS), KIND),
        (np.array([f"id {row}" for row in range(ROWS)]), KIND),
        (np.arange(ROWS), PRICE),
        (PRICE + GENERATOR.normal(0, 0.1, ROWS), PRICE),
        (np.where(np.arange(ROWS) == 7, (KIND + 1) % 3, KIND), KIND),
        (KIND + GENERATOR.uniform(0, 1.1, ROWS), KIND),
        (NAMES[KIND], PRICE),
    ],
)
def test_what_only_helps_or_numbers_rows_is_not(given: Array, target: Array) -> None:
    assert found_for(given, target) == []


def test_rows_in_which_a_value_is_missing_do_not_count() -> None:
    given, gone = KIND.copy(), np.arange(ROWS) % 4 == 0
    given[gone] = 9
    assert "is equal to" in found_for(given, KIND, gone)[0]
    assert found_for(given, KIND) == []
    assert found_for(given, KIND, np.arange(ROWS) > 30) == []


def test_of_few_rows_nothing_is_said() -> None:
    assert found_for(KIND[:19], KIND[:19]) == []


def test_a_rule_must_hold_in_all_rows_and_not_in_the_first_alone() -> None:
    target = GENERATOR.integers(0, 2, 20_000)
    given = np.where(np.arange(20_000) < 19_990, target, 1 - target)
    assert found_for(given, target) == []

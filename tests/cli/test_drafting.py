"""`modelc init --from`: a spec for a table as it is, which validates without a word and trains to what linear models reach."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.commands import modelc
from tests.made_tables import TABLES

CLOSE = 0.02
"""How far below the better linear model a network may score, of accuracy or R2."""


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_learnt_as_well_as_linear_models_learn_it(name: str, tmp_path: Path) -> None:
    write, target = TABLES[name]
    write(tmp_path / f"{name}.csv")
    ended = modelc("init", "--from", f"{name}.csv", "--target", target, cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert ended.out == f"wrote {name}.yaml\nwrote modelc.schema.json\n\nnext:\n  modelc train {name}.yaml\n"
    checked = modelc("validate", "--data", f"{name}.yaml", cwd=tmp_path)
    assert checked.code == 0 and "warning" not in checked.out + checked.err, checked.out + checked.err
    trained = modelc("train", f"{name}.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    assert "warning" not in trained.err
    record = json.loads((tmp_path / "run/run.json").read_text())
    log = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    best = next(line for line in log if line["epoch"] == record["best"]["epoch"])
    (linear,) = (one["values"] for one in record["baselines"]["validation"] if one["name"].endswith("regression"))
    (metric,) = {"accuracy", "r2"} & set(linear)
    assert linear[metric] > 0.3
    assert best[f"validation/{metric}"] >= linear[metric] - CLOSE
    # On what a user gives it next: the same table without its target.
    text = (tmp_path / f"{name}.csv").read_text().splitlines()
    (tmp_path / "new.csv").write_text("\n".join(re.sub(r"[;,][^;,]*$", "", line) for line in text[:6]) + "\n")
    predicted = modelc("predict", "run", "new.csv", "--output", "predicted.csv", cwd=tmp_path)
    assert predicted.code == 0, predicted.err
    assert len((tmp_path / "predicted.csv").read_text().splitlines()) == 6

"""A target of yes and no that is made of a number by a bound, from a table to predictions."""

from pathlib import Path

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
name: wine
model:
  inputs: {x: {shape: [1]}}
  layers: [{dense: {units: 1, activation: sigmoid, kernel_initializer: ones}, name: good}]
data:
  source: {csv: wine.csv}
  inputs: {x: {numbers: {columns: [alcohol], standardize: true}}}
  targets: {good: {array: {column: quality, above: 6, shape: [1]}}}
train: {loss: binary_cross_entropy, metrics: [accuracy, auc], optimizer: sgd, epochs: 1}
"""


def test_a_wine_is_good_if_its_quality_is_above_a_bound(tmp_path: Path) -> None:
    (tmp_path / "wine.yaml").write_text(SPEC)
    rows = [(8 + number / 8, 3 + number // 8) for number in range(48)]
    (tmp_path / "wine.csv").write_text("alcohol,quality\n" + "".join(f"{a},{q}\n" for a, q in rows))
    trained = modelc("train", "wine.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    # The bound divides the rows as the initial weights do.
    assert "auc 1" in trained.out
    predicted = modelc("predict", "run", "wine.csv", "--output", "found.csv", cwd=tmp_path)
    assert predicted.code == 0, predicted.err
    found = [float(line.split(",")[-1]) for line in (tmp_path / "found.csv").read_text().splitlines()[1:]]
    assert len(found) == 48 and found == sorted(found) and found[0] < 0.5 < found[-1]


def test_words_of_others_lead_to_the_bound(tmp_path: Path) -> None:
    for reader in ("array: {column: quality, threshold: 6}", "number: {column: quality, threshold: 6}"):
        (tmp_path / "wine.yaml").write_text(SPEC.replace("array: {column: quality, above: 6, shape: [1]}", reader))
        ended = modelc("validate", "wine.yaml", cwd=tmp_path)
        assert ended.code == 1 and "above: 6" in ended.out, ended.out

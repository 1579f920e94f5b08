"""The monitor: what is wrong with it shows beside mistakes in metrics that it does not depend on."""

import pytest

from modelc.compiler.api import check

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [8, 8]}}
  layers: [flatten, {dense: {units: 10, activation: softmax}, name: y}]
data:
  source: digits
  inputs: {x: {array: image}}
  targets: {y: {category: label}}
  validation: 0.2
train:
  loss: cross_entropy
  metrics: [METRICS]
  optimizer: adam
  monitor: MONITOR
  epochs: 5
"""


def found(metrics: str, monitor: str) -> list[tuple[str, str]]:
    text = SPEC.replace("METRICS", metrics).replace("MONITOR", monitor)
    return [(problem.code, " ".join(problem.helps)) for problem in check(text, "spec.yaml").errors]


@pytest.mark.parametrize(
    ("monitor", "meant"),
    [
        ("validation/los", "validation/loss"),
        ("val_loss", "validation/loss"),
        ("val/loss", "validation/loss"),
        ("valid/accuracy", "validation/accuracy"),
        ("validation/acc", "validation/accuracy"),
        ("val_acc", "validation/accuracy"),
        ("accuracy", "validation/accuracy"),
        ("trian/loss", "train/loss"),
    ],
)
@pytest.mark.parametrize("wrong", ["", ", r2", ", top_k_accuracy: {kk: 3}", ", precison"])
def test_a_wrong_monitor_shows_beside_wrong_metrics(monitor: str, meant: str, wrong: str) -> None:
    codes = {"": [], ", r2": ["E306"], ", precison": ["E101"]}.get(wrong, ["E102"])
    errors = found(f"accuracy{wrong}", monitor)
    assert sorted(code for code, _ in errors) == sorted([*codes, "E503"])
    assert ("E503", f"did you mean `{meant}`?") in errors


@pytest.mark.parametrize(
    ("metrics", "monitor"),
    [
        ("acuracy", "validation/accuracy"),
        ("acuracy", "validation/acuracy"),
        ("r2", "validation/r2"),
        ("{top_k_accuracy: {kk: 3}, name: top}", "validation/top"),
        ("of_a_plugin", "validation/another_of_a_plugin"),
        ("{top_k_accuracy: 3, name: my/top}", "validation/my/top"),
        ("{top_k_accuracy: 3, name: my/top}", "validation/my_top"),
        ("{top_k_accuracy: 3, name: my/top}", "validation/top_k_accuracy"),
        ("{top_k_accuracy: 3, name: top 3}", "validation/top 3"),
        ("{top_k_accuracy: 3, name: 3-top}", "validation/3-top"),
    ],
)
def test_a_monitor_of_a_wrong_metric_is_no_second_mistake(metrics: str, monitor: str) -> None:
    assert len(found(metrics, monitor)) == 1


def test_missing_validation_rows_show_beside_a_wrong_metric() -> None:
    text = SPEC.replace("  validation: 0.2\n", "").replace("METRICS", "acuracy").replace("MONITOR", "validation/loss")
    assert [problem.code for problem in check(text, "spec.yaml").errors] == ["E101", "E503"]


@pytest.mark.parametrize(
    ("monitor", "help"),
    [
        ("[val_loss]", "write `monitor: validation/loss`"),
        ("{val_acc: max}", "write `monitor: validation/accuracy`; every value knows which way is better"),
        ("{metric: val_loss, mode: min}", "write `monitor: validation/loss`; every value knows which way is better"),
        ("[val_loss, val_acc]", ""),
    ],
)
def test_a_monitor_of_another_form_is_answered_with_its_log_key(monitor: str, help: str) -> None:
    assert found("accuracy", monitor) == [("E105", help)]


@pytest.mark.parametrize("written", ["top_k_accuracy: 2", "auc: {curve: PR}"])
def test_a_metric_in_place_of_an_output_keeps_its_arguments(written: str) -> None:
    text = SPEC.replace("[METRICS]", f"{{{written}}}").replace("MONITOR", "validation/loss")
    assert [one.helps[0] for one in check(text, "spec.yaml").errors] == [f"write `metrics: [{{{written}}}]`"]


SEVERAL = """modelc: 1
model:
  inputs: {x: {shape: [4]}}
  nodes: {a: {from: x, dense: 1}, b: {from: x, dense: 1}}
  outputs: [a, b]
train:
  losses: {a: mean_squared_error, b: mean_squared_error}
  metrics: {a: [{r2: , name: b/r2}], b: [r2]}
  optimizer: adam
  epochs: 1
  monitor: MONITOR
data:
  source: {npz: rows.npz}
  targets: {a: {array: a}, b: {array: b}}
  validation: 0.1
"""


@pytest.mark.parametrize("monitor", ["validation/a/r2", "validation/a/b/r2", "validation/a/b_r2"])
def test_a_metric_without_a_name_is_no_other_one(monitor: str) -> None:
    assert [problem.code for problem in check(SEVERAL.replace("MONITOR", monitor), "spec.yaml").errors] == ["E110"]


def test_keys_of_the_log_are_listed_once() -> None:
    first, second = check(SEVERAL.replace("MONITOR", "validation/a/los"), "spec.yaml").errors
    assert {first.code, second.code} == {"E110", "E503"}
    keys = (first if first.code == "E503" else second).notes[0].removeprefix("keys of the log: ").split(", ")
    assert len(keys) == len({*keys}) and "train/b/r2" in keys and "train/b/b/r2" not in keys


LACKS = "the log has no `{0}`: add `{1}: [{0}]` to `metrics`, and write `monitor: {2}/{1}/{0}`"


@pytest.mark.parametrize(
    ("monitor", "help"),
    [
        (
            "validation/a/mse",
            f"{LACKS.format('mean_squared_error', 'a', 'validation')}; as the loss it is `validation/a/loss`",
        ),
        ("validation/b/mae", LACKS.format("mean_absolute_error", "b", "validation")),
        ("train/mae", LACKS.format("mean_absolute_error", "a", "train")),
        ("validation/b/nothing", None),
    ],
)
def test_a_monitor_that_is_a_metric_which_the_spec_lacks_is_answered_with_it(monitor: str, help: str | None) -> None:
    text = SEVERAL.replace(", name: b/r2", "")
    (problem,) = check(text.replace("MONITOR", monitor), "spec.yaml").errors
    assert (problem.code, problem.helps) == ("E503", () if help is None else (help,))
    if help is not None:
        right = help.split("`monitor: ")[1].split("`")[0]
        added = help.split("add `")[1].split("`")[0]
        output, name = added.replace("[", "").replace("]", "").split(": ")
        text = text.replace(f"{output}: [", f"{output}: [{name}, ").replace("MONITOR", right)
        assert not check(text, "spec.yaml").errors


def test_a_single_output_is_not_named_in_the_metric_to_add() -> None:
    ((_, help),) = found("accuracy", "validation/kappa")
    assert help == (
        "the log has no `cohen_kappa`: add `metrics: [cohen_kappa]`, and write `monitor: validation/cohen_kappa`"
    )


def test_many_keys_of_the_log_have_a_line_for_each_output() -> None:
    metrics = "r2, mean_absolute_error, {r2: , name: one}, {r2: , name: two}"
    text = SEVERAL.replace("[{r2: , name: b/r2}]", f"[{metrics}]").replace("b: [r2]", f"b: [{metrics}]")
    (problem,) = check(text.replace("MONITOR", "validation/nothing"), "spec.yaml").errors
    assert problem.notes == (
        "keys of the log, each behind `train/` and `validation/`: loss",
        "a/loss, a/r2, a/mean_absolute_error, a/one, a/two",
        "b/loss, b/r2, b/mean_absolute_error, b/one, b/two",
    )

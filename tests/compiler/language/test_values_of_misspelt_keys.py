"""What stands under a typo of a key is read as under the key itself, and what stands for something else is one error."""

import pytest

from modelc.compiler.api import check

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  layers: [relu, {dense: 2, name: y}]
data:
  source: {npz: rows.npz}
  targets: {y: {array: y}}
  validation: 0.2
train:
  loss: mean_squared_error
  optimizer: adam
  epochs: 3
"""


def problems(right: str, wrong: str) -> list[tuple[str, str, str]]:
    """The code, message and helps of each problem of the spec with `wrong` in place of `right`."""
    assert right in SPEC
    found = check(SPEC.replace(right, wrong), "spec.yaml").problems
    return [(one.code, one.message, "\n".join(one.helps)) for one in found]


@pytest.mark.parametrize(
    ("right", "wrong", "code", "said"),
    [
        ("epochs: 3", "epocs: -3", "E106", "must be at least 1, got -3"),
        ("epochs: 3", "epocs: '3'", "E105", "must be an integer"),
        ("epochs: 3", "epochs: 3\n  batchsize: 0", "E106", "must be at least 1, got 0"),
        ("optimizer: adam", "optimiser: {adm: {}}", "E101", "unknown optimizer `adm`"),
        ("loss: mean_squared_error", "los: mean_squared_eror", "E101", "unknown loss `mean_squared_eror`"),
        ("source: {npz: rows.npz}", "sorce: {npzz: rows.npz}", "E101", "unknown source `npzz`"),
    ],
)
def test_a_typo_of_a_key_hides_no_mistake_in_its_value(right: str, wrong: str, code: str, said: str) -> None:
    first, second = problems(right, wrong)
    assert first[0] == "E102" and first[2].startswith("did you mean ")
    assert second[0] == code and said in second[1]
    name, _, value = right.partition(": ")
    # With the right value there is the typo alone, and with the right key the mistake alone.
    key, _, _ = wrong.rpartition("\n  ")[2].partition(": ")
    if "\n" not in wrong:
        assert [one[0] for one in problems(right, f"{key}: {value}")] == ["E102"]
        assert [one[0] for one in problems(right, wrong.replace(key, name))] == [code]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("epochs: 3", "epochs: 3\n  epocs: -3"),
        ("epochs: 3", "epochs: 3\n  metric: accuracy"),
        ("epochs: 3", "epochs: 3\n  nothing_like_it: -3"),
    ],
)
def test_what_is_there_already_has_another_form_or_is_not_certain_is_one_error(right: str, wrong: str) -> None:
    assert [one[0] for one in problems(right, wrong)] == ["E102"]


def test_a_layer_among_the_inputs_is_one_error_whatever_its_arguments_are() -> None:
    for value in ("{units: 4}", "{untis: 4}", "4", "{units: 4, activation: relu}"):
        [(code, message, help)] = problems("{x: {shape: [4]}}", f"{{dense: {value}}}")
        assert code in ("E104", "E105") and message.startswith("input `dense` ")
        assert help.startswith(f"a layer stands in the list `layers: [dense: {value}]`")
    assert [one[0] for one in problems("{x: {shape: [4]}}", "{dense: {shap: [4]}}")] == ["E102"]


@pytest.mark.parametrize(
    ("layer", "help"),
    [
        (
            "unsqueeze: 1",
            "did you mean `expand_dims`? Axes count from the end: -1 is the last one, and the batch is none",
        ),
        ("unsqueeze: {dim: 0}", "did you mean `expand_dims`? Axes count from the end: "),
        ("torch.cat: {dim: 1}", "did you mean `concatenate`? Axes count from the end: "),
        ("transpose: [0, 2, 1]", "did you mean `permute`? Axes count from the end: "),
        ("unsqueeze(1)", "write `expand_dims: {axis: ...}`"),
        ("nn.Softmax(dim=1)", "write `softmax: {axis: ...}`"),
        ("unsqueeze: -1", "did you mean `expand_dims: -1`?"),
        ("unsqueeze(-1)", "write `expand_dims: -1`"),
    ],
)
def test_an_axis_that_counts_from_the_start_is_not_written_as_it_is(layer: str, help: str) -> None:
    [(code, _, shown)] = problems(
        "[relu, {dense: 2, name: y}]",
        f"['{layer}', {{dense: 2, name: y}}]" if "(" in layer else f"[{{{layer}}}, {{dense: 2, name: y}}]",
    )
    assert code == "E101" and shown.startswith(help)


def test_the_last_rows_are_not_drawn_for_those_of_keras() -> None:
    help = "which draws rows; the last ones, as Keras takes them, are `validation: {last: N}`"
    [(_, _, shown)] = problems("validation: 0.2", "validation_split: 0.2")
    assert shown == f"write `validation: 0.2`, {help}"
    [(_, _, shown)] = problems("  validation: 0.2\ntrain:", "train:\n  validation_split: 0.2")
    assert shown == f"move it below `data:`, as `validation: 0.2`, {help}"
    found = check(SPEC.replace("validation: 0.2", "validation_split: 0.2"), "spec.yaml").problems
    assert not any(one.suggestion and one.suggestion.is_safe for one in found)


def test_the_momentum_of_another_library_is_warned_of_where_it_stands() -> None:
    layers = "[dense: 8, batch_norm: {momentum: MOMENTUM}, {dense: 2, name: y}]"
    for momentum, other in (("0.1", "0.9"), ("0.01", "0.99"), ("0.3", "0.7")):
        [(code, _, help)] = problems("[relu, {dense: 2, name: y}]", layers.replace("MOMENTUM", momentum))
        assert code == "W920" and help.endswith(f"its {momentum} is `momentum: {other}` here")
    for momentum in ("0.5", "0.9", "0.99", "1.0", "0"):
        assert not problems("[relu, {dense: 2, name: y}]", layers.replace("MOMENTUM", momentum))
    repeated = "[{layers: [dense: 8, batch_norm: {momentum: 0.1}], repeat: 3}, {dense: 2, name: y}]"
    assert [one[0] for one in problems("[relu, {dense: 2, name: y}]", repeated)] == ["W920"]

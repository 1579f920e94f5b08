"""Helps that name what is meant: followed to the letter, or free of what the spec does not have."""

import pytest

from modelc.compiler.api import check


@pytest.mark.parametrize(
    ("item", "first", "last"),
    [
        ("{gru: 4, repeat: 2}", "{gru: {units: 4, return_sequences: true}}", "{gru: 4}"),
        ("{gru: 4, repeat: {times: 4}}", "{gru: {units: 4, return_sequences: true}, repeat: 3}", "{gru: 4}"),
        ("{bidirectional: {layer: {gru: 4}, merge_mode: sum}, repeat: 2}",
         "{bidirectional: {layer: {gru: {units: 4, return_sequences: true}}, merge_mode: sum}}",
         "{bidirectional: {layer: {gru: 4}, merge_mode: sum}}"),
        ("{stacked_rnn: [gru: 4, lstm: 3], repeat: 2}", "{stacked_rnn: {cells: [{gru: 4}, {lstm: 3}], return_sequences: true}}",
         "{stacked_rnn: [{gru: 4}, {lstm: 3}]}"),
    ],
)  # fmt: skip
def test_a_repeated_layer_that_gives_its_last_step_is_written_out_as_two(item: str, first: str, last: str) -> None:
    text = "modelc: 1\nmodel: {{inputs: {{x: {{shape: [9, 5]}}}}, layers: [{}, dense: 1]}}\n"
    (problem,) = check(text.format(item), "spec.yaml").errors
    assert problem.helps[0].endswith(f"write two items, `{first}` and `{last}`")
    assert not check(text.format(f"{first}, {last}"), "spec.yaml").problems


@pytest.mark.parametrize("written", ["{layers: [gru: 4, relu], repeat: 2}", "{gru: 4, repeat: {times: 2, tied: true}}"])
def test_copies_that_are_no_single_layer_or_share_weights_are_not_written_out(written: str) -> None:
    text = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [9, 4]}}}}, layers: [{written}, dense: 1]}}\n"
    (problem,) = check(text, "spec.yaml").errors
    assert "two items" not in "".join(problem.helps)


@pytest.mark.parametrize(
    ("shape", "layer", "help"),
    [
        ("[16, 28, 28, 3]", "conv2d: {filters: 2, kernel_size: 3}",
         "for each of the 16 images, put it into `time_distributed`; if 16 is the batch axis, remove it: it is never written"),
        ("[5, 28, 28, 3]", "max_pool2d", "for each of the 5 images, put it into `time_distributed`"),
        ("[2, 3, 4, 8, 2]", "max_pool2d", "`reshape` to three axes"),
        ("[12, 6, 5]", "lstm: 4", "for all values of a step as one vector, write `reshape: [12, 30]` before it"),
        ("[32, 32, 3]", "lstm: 4", "for all values of a step as one vector, write `reshape: [32, 96]` before it"),
        ("[64, 9, 3]", "masking", "for all values of a step as one vector, write `reshape: [64, 27]` before it; if 64 is the batch axis, remove it: it is never written"),
    ],
)  # fmt: skip
def test_an_axis_too_many_is_called_the_batch_axis_only_where_it_may_be(shape: str, layer: str, help: str) -> None:
    text = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: {shape}}}}}, layers: [{layer}]}}\n"
    (problem,) = check(text, "spec.yaml").errors
    assert problem.helps == (help,)


def test_a_list_for_copies_is_marked_where_it_is_used() -> None:
    text = """\
modelc: 1
vars: {rates: [0.1, 0.2, 0.3]}
model:
  inputs: {x: {shape: [9]}}
  layers:
    - dropout: $rates
      repeat: 3
    - dense: 1
"""
    (problem,) = check(text, "spec.yaml").errors
    assert problem.label.place[1:3] == (6, 16) and problem.related[0].place.line == 2
    assert problem.helps == ('for one value for each copy write `"${rates[i]}"`, and `repeat: {times: 3, index: i}`',)


@pytest.mark.parametrize(
    ("expression", "help"),
    [
        ("shape(x)[0] // 3", "write its value, `3`"),
        ("shape(h)[-1]", "write its value, `4`"),
        ("shape(g)[-1]", "write its value; once the spec is valid, `modelc summary` shows the shape of `g`"),
    ],
)
def test_a_shape_that_is_asked_for_too_early_is_named_where_an_input_says_it(expression: str, help: str) -> None:
    text = f"""\
modelc: 1
model:
  inputs: {{x: {{shape: [9]}}}}
  nodes:
    h: {{from: x, dense: 4}}
    y: {{from: h, dense: 4, repeat: "${{{expression}}}"}}
  outputs: [y]
"""
    (problem,) = check(text, "spec.yaml").errors
    assert problem.helps == (help,)


@pytest.mark.parametrize(
    ("written", "shown"), [("017", "`017`"), ('"017"', '`"017"`'), ("1_0", "`1_0`"), ("'1_0'", '`"1_0"`')]
)
def test_a_number_that_is_a_string_is_shown_with_quotes_where_it_has_them(written: str, shown: str) -> None:
    text = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [9]}}}}, layers: [dense: {written}]}}\n"
    (problem,) = check(text, "spec.yaml").errors
    assert problem.message.endswith(f"got the string {shown}")


@pytest.mark.parametrize(
    ("key", "help"),
    [
        ("inputs: {x: [a, b]}", "write `inputs: {x: {numbers: [a, b]}}`"),
        ("features: [a, b]", "write `inputs: {x: {numbers: [a, b]}}`"),
        ("targets: {y: [a, b]}", "write `targets: {y: {numbers: [a, b]}}`"),
        ("normalize: true", "the layer `normalization`, as the first, finds mean and variance in the training rows"),
    ],
)
def test_what_others_write_of_columns_is_answered_with_the_line_to_write(key: str, help: str) -> None:
    text = f"""\
modelc: 1
model: {{inputs: {{x: {{shape: [2]}}}}, layers: [{{dense: 2, name: y}}]}}
data: {{source: {{npz: rows.npz}}, {key}}}
"""
    (problem,) = check(text, "spec.yaml").errors
    assert problem.helps[0].endswith(help)

"""What is wrong in keys that stand in another section than theirs is said together with their place."""

import pytest

from modelc.compiler.api import check

MODEL = "model:\n  inputs: {x: {shape: [8]}}\n  layers: [{dense: 3, name: y}]\n"
DATA = "data:\n  source: {npz: rows.npz}\n  targets: {y: {array: y}}\n"
TRAIN = "train:\n  loss: mean_squared_error\n  optimizer: adam\n  epochs: 5\n"
BLOCKS = "blocks: {Wide: {params: {n: int}, layers: [dense: $n]}}\nvars: {w: 3}\n"


def at_the_margin(section: str) -> str:
    """The keys of a section without it."""
    return "".join(f"{line[2:]}\n" for line in section.splitlines()[1:])


def told(text: str) -> list[tuple[str, str]]:
    return sorted((one.code, one.message) for one in check(f"modelc: 1\n{text}", "spec.yaml").errors)


@pytest.mark.parametrize(
    ("section", "right", "wrong"),
    [
        (TRAIN, "epochs: 5", "epochs: ten"),
        (TRAIN, "optimizer: adam", "optimizer: {adam: {learning_rat: 0.1}}"),
        (TRAIN, "loss: mean_squared_error", "loss: mse"),
        (TRAIN, "epochs: 5", "epochs: 5\n  batch_size: x\n  metrics: [acuracy]"),
        (TRAIN, "epochs: 5", "epochs: $many"),
        (DATA, "{array: y}", "{aray: y}"),
        (DATA, "source: {npz: rows.npz}", "source: {npz: 3}"),
        (MODEL, "[8]", "[eight]"),
        (MODEL, "dense: 3", "desne: 3"),
        (MODEL, "dense: 3", "Wide: $v"),
        (MODEL, "dense: 3", "Wide: $w"),
        (MODEL, "[8]", "[8, 8]"),
        (MODEL, "dense: 3, name", "gather: , name"),
    ],
)
def test_both_are_said_at_once(section: str, right: str, wrong: str) -> None:
    assert right in section
    others = "".join(one for one in (MODEL, DATA, TRAIN) if one != section) + BLOCKS
    broken = section.replace(right, wrong)
    keys = told(at_the_margin(broken) + others)
    # As they are told once the keys are moved.
    after = told(broken + others)
    assert [one for one in keys if "belong" not in one[1]] == after
    assert [code for code, message in keys if "belong" in message] == ["E102"]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"{MODEL}training:\n{TRAIN.partition('train:')[2].replace('adam', 'adm')}", MODEL + TRAIN.replace("adam", "adm")),
        (f"{MODEL}compile: {{loss: foo, optimizer: adam}}\nfit: {{epochs: ten}}\n",
         f"{MODEL}train: {{loss: foo, optimizer: adam, epochs: ten}}\n"),
        (MODEL + "  train: {loss: foo, optimizer: adam, epochs: 3}\n", f"{MODEL}train: {{loss: foo, optimizer: adam, epochs: 3}}\n"),
        (f"{MODEL}  epochs: ten\n{TRAIN.replace('  epochs: 5', '')}", f"{MODEL}{TRAIN.replace('5', 'ten')}"),
        (f"{MODEL}{TRAIN}  targets: {{y: {{array: 3}}}}\n  source: {{npz: a.npz}}\n",
         f"{MODEL}{TRAIN}data: {{targets: {{y: {{array: 3}}}}, source: {{npz: a.npz}}}}\n"),
    ],
)  # fmt: skip
def test_so_it_is_of_sections_under_another_name_or_inside_of_others(text: str, after: str) -> None:
    found = told(text)
    rest = [one for one in found if one[0] != "E102"]
    assert len(rest) == len(found) - 1 and rest and rest == told(after)


def test_a_section_of_a_few_keys_at_the_margin_is_not_said_to_lack_the_others() -> None:
    assert told(MODEL + "epochs: ten\n") == [
        ("E102", "`epochs` belongs in `train`"),
        ("E105", "`epochs` must be an integer, got the string `ten`"),
    ]
    # One that is written is.
    assert [code for code, _ in told(MODEL + "train: {loss: mean_squared_error}\nepochs: ten\n")] == [
        "E102",
        "E104",
        "E105",
    ]


def test_where_it_is_not_certain_nothing_is_said_of_the_value() -> None:
    assert told(MODEL + "seed: abc\n") == [("E102", "`seed` belongs in `data` or `train`")]
    twice = told(MODEL + TRAIN + "epochs: ten\n")
    assert twice == [("E102", "`epochs` belongs in `train`, which has `epochs` already")]


def test_every_place_is_that_of_the_text() -> None:
    text = f"modelc: 1\n{MODEL}epochs: ten\nloss: mse\noptimizer: {{adam: {{beta_3: 1}}}}\n"
    words = [
        text.splitlines()[one.label.place.line - 1][one.label.place.column - 1 :]
        for one in check(text, "s.yaml").errors
    ]
    assert sorted(words) == ["beta_3: 1}}", "epochs: ten", "mse", "ten"]


def test_callbacks_at_the_margin_go_below_the_training() -> None:
    (problem,) = check(
        f"modelc: 1\n{MODEL}{TRAIN}callbacks: [{{EarlyStopping: {{patience: 4}}}}]\n", "spec.yaml"
    ).errors
    assert problem.helps == ("below `train:`, write `early_stopping: 4`",)


@pytest.mark.parametrize(("section", "name"), [(TRAIN, "Train"), (TRAIN, "trian"), (DATA, "dta"), (MODEL, "modle")])
def test_a_section_whose_name_is_a_typo_is_looked_into(section: str, name: str) -> None:
    right = section.partition(":")[0]
    broken = section.replace("adam", "adm").replace("array: y", "aray: y").replace("dense", "desne")
    others = "".join(one for one in (MODEL, DATA, TRAIN) if one != section)
    found = told(broken.replace(f"{right}:", f"{name}:", 1) + others)
    assert found == sorted([*told(broken + others), ("E102", f"unknown key `{name}` in a spec")])

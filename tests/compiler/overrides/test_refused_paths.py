"""`--set PATH=VALUE` with an unresolved path, or one into a variable or a block: what is said, and what to write instead."""

import pytest

from modelc.compiler.overrides.apply import override
from tests.compiler.overrides.settings import GRAPH, caret, changed, document, refused


@pytest.mark.parametrize(
    ("setting", "blamed", "help"),
    [
        ("trian.epochs=3", "trian", "did you mean `train.epochs`?"),
        ("train.epoch=3", "epoch", "did you mean `train.epochs`?"),
        ("train.optimizer.adam.lerning_rate=1", "lerning_rate", "did you mean `train.optimizer.adam.learning_rate`?"),
        ("train.optimizer.learning_rate=1", "learning_rate", "did you mean `train.optimizer.adam.learning_rate`?"),
        (
            "train.optimizer.sgd.momentum=1",
            "sgd",
            "to choose another, set it as a whole: `train.optimizer={sgd: {...}}`",
        ),
        ("model.layers.digt.dense.units=1", "digt", "did you mean `model.layers.digit.dense.units`?"),
        ("model.layers.digit.units=1", "units", "did you mean `model.layers.digit.dense.units`?"),
        ("model.inputs.imag.shape=[3]", "imag", "did you mean `model.inputs.image.shape`?"),
        ("model.inputs.image.shap=[3]", "shap", "did you mean `model.inputs.image.shape`?"),
        ("data.validation.first=3", "first", "set it as a whole: `data.validation={first: ...}`"),
        ("train.epochs.x=3", "x", "set it as a whole: `train.epochs=...`"),
        ("data.test.dgits=3", "dgits", "did you mean `data.test.digits`?"),
        ("model.layers[2].dense.units=1", "layers[2]", "did you mean `model.layers.2.dense.units`?"),
        (
            "model.layers[digit][dense].units=1",
            "layers[digit][dense]",
            "did you mean `model.layers.digit.dense.units`?",
        ),
    ],
)
def test_an_unresolved_path_is_refused_with_help(setting: str, blamed: str, help: str) -> None:
    problem = refused(setting)
    assert problem.code == "E102"
    assert caret(setting, problem) == blamed
    assert problem.helps == (help,)


def test_an_item_that_is_not_there_is_refused() -> None:
    problem = refused("model.layers.7.dense.units=1")
    assert "has 5 items, no index 7" in problem.message


@pytest.mark.parametrize("setting", ["train.epochs", "", "=3", " =3", "train..epochs=3", ".train=3", "train.=3"])
def test_what_is_no_setting_is_refused(setting: str) -> None:
    assert refused(setting).code == "E002"


def test_a_refused_path_changes_nothing() -> None:
    after, problems = override(document(GRAPH), ["data.sorce=digits", "train.optimizer.adm.epsilon=1"])
    assert len(problems) == 2 and after.data == document(GRAPH).data


def test_an_item_that_takes_the_value_as_its_argument_is_named_in_the_help() -> None:
    assert refused("train.optimizer=0.01").helps == ("for the argument of `adam` write `train.optimizer.adam=0.01`",)
    assert refused("model.nodes.c=2", GRAPH).helps == ("for the argument of `dense` write `model.nodes.c.dense=2`",)
    assert changed("model.nodes.c.dense=2", text=GRAPH)["model"]["nodes"]["c"]["dense"] == 2


VARIABLES = """\
modelc: 1
vars: {opt: {adam: 0.01}, width: 3, args: {units: 5, activation: relu}}
model:
  inputs: {x: {shape: [4]}}
  layers: [dense: $width, dense: $args]
train: {loss: mean_squared_error, optimizer: $opt, epochs: 1}
"""


@pytest.mark.parametrize(
    ("setting", "marked", "help"),
    [
        (
            "train.optimizer.adam=0.1",
            "adam",
            "set the variable, `vars.opt.adam=...`, or set `train.optimizer` as a whole",
        ),
        (
            "model.layers.1.dense.units=9",
            "units",
            "set the variable, `vars.args.units=...`, or set `model.layers.1.dense` as a whole",
        ),
    ],
)
def test_a_path_into_a_variable_is_refused(setting: str, marked: str, help: str) -> None:
    problem = refused(setting, VARIABLES)
    assert (problem.code, caret(setting, problem), problem.helps) == ("E102", marked, (help,))


def test_the_main_argument_that_is_a_variable_can_be_set_by_its_name() -> None:
    found = changed("model.layers.0.dense.units=9", text=VARIABLES)
    assert found["model"]["layers"][0] == {"dense": {"units": 9}}
    entry = changed("model.layers.0.dense.units=9", text=VARIABLES.replace("dense: $width", "dense: $args.units"))
    assert entry["model"]["layers"][0] == {"dense": {"units": 9}}


def test_the_arguments_of_a_block_that_are_a_variable_are_not_replaced_by_one_of_them() -> None:
    text = VARIABLES.replace(
        "model:", "blocks: {B: {params: {units: int, activation: relu}, layers: [relu]}}\nmodel:", 1
    )
    problem = refused("model.layers.1.B.units=9", text.replace("dense: $args", "B: $args"))
    assert problem.helps == ("set the variable, `vars.args.units=...`, or set `model.layers.1.B` as a whole",)


BLOCKS = """\
modelc: 1
blocks:
  B: {use: other.yaml, output: h}
  C: {layers: [dense: 4, relu]}
  P: {params: {width: int}, layers: [dense: $width]}
model:
  inputs: {x: {shape: [4]}}
  layers:
    - residual: [dense: 4]
    - parallel: {join: add, branches: {a: [dense: 4], b: [relu]}}
    - B
    - C
    - P: 3
"""


@pytest.mark.parametrize(
    ("setting", "blamed", "help"),
    [
        ("blocks.B.model.layers.dense=3", "model", "write a spec that extends that file"),
        ("blocks.B.nodes.h.dense=3", "nodes", "write a spec that extends that file"),
        ("blocks.B.outptu=y", "outptu", "did you mean `blocks.B.output`?"),
        ("model.layers.B.dense=3", "dense", "write a spec that extends that file"),
        ("model.layers.C.dense=3", "dense", "for all its uses: `blocks.C...`"),
        ("blocks.C.layers.dense=3", "3", "write `blocks.C.layers.dense.dense=3`"),
        ("model.layers.0.residual.dense=3", "3", "write `model.layers.0.residual.dense.dense=3`"),
        ("model.layers.1.parallel.branches.a.0=[3]", "[3]", "write `model.layers.1.parallel.branches.a.0.dense=[3]`"),
        ("model.layers.P=5", "5", "write `model.layers.P.P=5`"),
        ("model.layers.P.widht=5", "widht", "did you mean `model.layers.P.P.width`?"),
    ],
)
def test_a_setting_of_or_in_a_block_is_refused_with_help(setting: str, blamed: str, help: str) -> None:
    problem = refused(setting, BLOCKS)
    assert caret(setting, problem) == blamed
    assert help in problem.helps[0]


HELD = """\
modelc: 1
vars: {w: 4, lay: {dense: $w}, chain: [relu, {dense: 3, name: z}], sizes: [1, 2], some: {a: 1}}
blocks: {B: {params: {n: int}, layers: [dense: $n]}}
model:
  inputs: {x: {shape: [4]}}
  layers:
    - dense: 3
    - $lay
    - parallel: {join: add, branches: {a: $chain, b: [dense: 3]}}
    - B: 4
"""


@pytest.mark.parametrize(
    ("setting", "help"),
    [
        ("model.layers.1.dense.units=4", "set the variable, `vars.lay.dense=...`, or set `model.layers.1` as a whole"),
        ("model.layers.2.parallel.branches.a.z.dense=3", "set the variable, `vars.chain=...`, or set"),
        ("blocks.B.layers.0.dense.units.x=4", "`n` is a parameter of the block: set the argument where it is used"),
        ("vars.sizes.2=9", "set it as a whole: `vars.sizes=...`"),
        ("vars.some.b=9", "set it as a whole: `vars.some=...`"),
        ("vars.sizes.²=9", "set it as a whole: `vars.sizes=...`"),
    ],
)
def test_a_path_into_a_variable_is_answered_with_one_that_exists(setting: str, help: str) -> None:
    assert refused(setting, HELD).helps[0].startswith(help)
    path = help.split("`")[1].partition("=")[0]
    if path.startswith("vars"):
        assert not override(document(HELD), [f"{path}=3"])[1]

"""`--set PATH=VALUE`: what paths resolve to, what is refused, and that every place is a place in the argument."""

from typing import Any

import pytest

from modelc.compiler.api import Checked, check
from modelc.compiler.diagnostics.problem import SETTING, Problem
from modelc.compiler.overrides.apply import override
from modelc.compiler.syntax.document import Document, read
from tests.places import words_at

SPEC = """\
modelc: 1
model:
  inputs: {image: {shape: [8, 8]}}
  layers:
    - flatten
    - dense: {units: 32, activation: relu}
    - relu
    - dense: 16
    - dense: 10
      name: digit
data:
  source: digits
  targets: {digit: {category: label}}
  validation: 0.2
train:
  loss: cross_entropy
  optimizer: adam
  metrics: [accuracy]
  epochs: 5
"""
GRAPH = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  nodes:
    a: {from: x, layers: [dense: 3, relu]}
    b: {from: [a, x], concatenate: -1}
    c: {from: b, dense: 1}
  outputs: [c]
"""


def document(text: str) -> Document:
    found, problems = read(text, "spec.yaml")
    assert found is not None and not problems
    return found


def changed(*settings: str, text: str = SPEC) -> Any:
    """The data of `text` with `settings` carried out, none of them refused."""
    found, problems = override(document(text), settings)
    assert not problems
    return found.data


def refused(setting: str, text: str = SPEC) -> Problem:
    """The one problem with a setting, which must stand in the argument."""
    _, (problem,) = override(document(text), [setting])
    assert problem.label.place.file == SETTING
    return problem


def caret(setting: str, problem: Problem) -> str:
    return words_at(setting, problem.label.place)


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("train.epochs=3", "train.epochs", 3),
        ("train.seed=3", "train.seed", 3),
        ("train.metrics=[accuracy]", "train.metrics", ["accuracy"]),
        ("name=a-b", "name", "a-b"),
        ("description=1 = 2", "description", "1 = 2"),
        ("description='a: # b'", "description", "a: # b"),
        ("description=", "description", None),
        ("train.optimizer={sgd: {momentum: 0.9}}", "train.optimizer", {"sgd": {"momentum": 0.9}}),
        ("train.optimizer.adam.learning_rate=3e-4", "train.optimizer", {"adam": {"learning_rate": 3e-4}}),
        ("train.optimizer.adam=3e-4", "train.optimizer", {"adam": 3e-4}),
        ("model.inputs.image.shape.0=9", "model.inputs.image.shape", [9, 8]),
        ("model.layers.digit.dense.units=12", "model.layers.4", {"dense": {"units": 12}, "name": "digit"}),
        ("model.layers.4.dense.units=12", "model.layers.4", {"dense": {"units": 12}, "name": "digit"}),
        ("model.layers.digit.name=number", "model.layers.4", {"dense": 10, "name": "number"}),
        ("model.layers.dense_2.dense.use_bias=false", "model.layers.3", {"dense": {"units": 16, "use_bias": False}}),
        ("model.layers.relu.relu.max_value=6", "model.layers.2", {"relu": {"max_value": 6}}),
        ("model.layers.relu.name=bend", "model.layers.2", {"relu": None, "name": "bend"}),
        (
            "model.layers.dense.dense.activation.relu.max_value=6",
            "model.layers.1",
            {"dense": {"units": 32, "activation": {"relu": {"max_value": 6}}}},
        ),
        ("data.inputs.image.array.scale=1/16", "data.inputs", {"image": {"array": {"scale": "1/16"}}}),
        ("data.test.npz=rows.npz", "data.test", {"npz": "rows.npz"}),
        ("train.metrics.accuracy.accuracy.threshold=0.4", "train.metrics", [{"accuracy": {"threshold": 0.4}}]),
    ],
)
def test_a_setting_leads_where_it_says(setting: str, path: str, value: object) -> None:
    found = changed(setting)
    for part in path.split("."):
        found = found[int(part)] if isinstance(found, list) else found[part]
    assert found == value


def test_nodes_and_their_layers_have_paths() -> None:
    data = changed("model.nodes.a.layers.dense.dense.units=5", "model.nodes.c.dense.units=2", text=GRAPH)
    assert data["model"]["nodes"]["a"]["layers"][0] == {"dense": {"units": 5}}
    assert data["model"]["nodes"]["c"] == {"from": "b", "dense": {"units": 2}}


def test_edges_and_outputs_have_paths() -> None:
    data = changed("model.nodes.b.from.1=a", "model.outputs=[b]", "model.nodes.c.from=a", text=GRAPH)
    assert data["model"]["nodes"]["b"]["from"] == ["a", "a"]
    assert data["model"]["nodes"]["c"]["from"] == "a" and data["model"]["outputs"] == ["b"]


def test_a_whole_node_can_be_added() -> None:
    assert changed("model.nodes.d={from: x, dense: 2}", text=GRAPH)["model"]["nodes"]["d"] == {"from": "x", "dense": 2}


def test_a_whole_section_can_be_made() -> None:
    assert changed("data.source=digits", "data.validation=0.1", text=GRAPH)["data"] == {
        "source": "digits",
        "validation": 0.1,
    }


def test_later_settings_go_over_earlier_ones() -> None:
    assert changed("train.epochs=3", "train.epochs=4")["train"]["epochs"] == 4
    data = changed("train.optimizer={sgd: 0.1}", "train.optimizer.sgd.momentum=0.5")
    assert data["train"]["optimizer"] == {"sgd": {"learning_rate": 0.1, "momentum": 0.5}}


def test_the_document_itself_is_left_as_it_is() -> None:
    before = document(SPEC)
    override(before, ["train.epochs=3", "model.layers.digit.dense.units=3"])
    assert before.data == document(SPEC).data


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
        ("data.validation.first=3", "first", "set it as a whole: `data.validation=...`"),
        ("train.epochs.x=3", "x", "set it as a whole: `train.epochs=...`"),
        ("data.test.dgits=3", "dgits", "did you mean `data.test.digits`?"),
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


def checked(*settings: str, text: str = SPEC) -> Checked:
    found = check(text, "spec.yaml", settings)
    for problem in found.problems:
        assert problem.label.place.file in found.sources
    return found


@pytest.mark.parametrize(
    ("setting", "code", "blamed"),
    [
        ("train.epochs=-3", "E106", "-3"),
        ("train.optimizer={adam: {lerning_rate: 3}}", "E102", "lerning_rate"),
        ("train.metrics=[accuracy, acuracy]", "E101", "acuracy"),
        ("train.seed=$x", "E207", "$x"),
        ("train.seed=1e999", "E006", "1e999"),
        ("model.layers.digit.dense.activation=sigmod", "E101", "sigmod"),
    ],
)
def test_a_value_that_does_not_fit_is_blamed_in_the_argument(setting: str, code: str, blamed: str) -> None:
    (problem,) = checked(setting).problems
    assert problem.code == code and problem.label.place.file == SETTING
    assert caret(setting, problem) == blamed


def test_a_value_that_is_no_yaml_is_refused_at_its_place() -> None:
    (problem,) = checked("train.metrics=[accuracy").problems
    assert problem.code == "E002" and problem.label.place.file == SETTING and problem.label.place.column >= 15


def test_each_setting_has_a_line_of_its_own() -> None:
    found = checked("description='a\nb'", "train.epochs=0", "train.batch_size=x")
    assert [problem.label.place.line for problem in found.problems] == [4, 3]
    assert found.sources[SETTING] == "description='a\nb'\ntrain.epochs=0\ntrain.batch_size=x"


def test_what_does_not_fit_elsewhere_is_blamed_in_the_file() -> None:
    (problem,) = checked("model.layers.digit.dense.units=12").problems
    assert problem.code == "E304" and problem.label.place.file == "spec.yaml"
    assert all(label.place.file == "spec.yaml" for label in problem.related)


def test_a_setting_can_fix_a_file() -> None:
    broken = SPEC.replace("epochs: 5", "epochs: five")
    assert checked(text=broken).errors and not checked("train.epochs=5", text=broken).errors


def test_a_setting_through_something_unreadable_adds_no_error() -> None:
    broken = SPEC.replace("optimizer: adam", "optimizer: !!python/name:os.system adam")
    (problem,) = checked("train.optimizer.adam.learning_rate=1", text=broken).problems
    assert problem.code == "E004"


@pytest.mark.parametrize(
    "setting", ["train.optimizer.adam.learning_rate=1", "train.seed=3", "train.metrics.accuracy=3"]
)
def test_a_setting_into_what_is_wrong_already_adds_no_error(setting: str) -> None:
    broken = SPEC[: SPEC.index("train:")] + "train: 3\n"
    (problem,) = checked(setting, text=broken).problems
    assert problem.code == "E105" and problem.label.place.file == "spec.yaml"


def test_control_characters_are_refused() -> None:
    (problem,) = checked("name=a\x1bb").problems
    assert problem.code == "E001" and problem.label.place.file == SETTING


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


def test_an_unreadable_value_is_one_error() -> None:
    (problem,) = checked("modelc=!tag 1").problems
    assert problem.code == "E004"


def test_all_that_a_path_leads_through_keeps_its_place() -> None:
    found, _ = override(document(SPEC), ["model.layers.digit.dense.units=12"])
    dense = ("model", "layers", 4, "dense")
    assert {found.key(dense).file, found.value(dense).file} == {"spec.yaml"}
    assert {found.key((*dense, "units")).file, found.value((*dense, "units")).file} == {SETTING}


@pytest.mark.parametrize("setting", ["extends=other.yaml", "extends.remove=[train]", "blocks.B.use=other.yaml"])
def test_files_cannot_be_set(setting: str) -> None:
    problem = refused(setting, SPEC.replace("model:", "blocks: {B: {use: other.yaml}}\nmodel:", 1))
    assert problem.code == "E102" and "files are included before overrides are applied" in problem.message


def test_a_setting_beside_what_excludes_it_is_no_matter_of_extends() -> None:
    text = (
        "modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, layers: [dense: 3]}\n"
        "train: {loss: mean_squared_error, optimizer: adam, epochs: 1}\n"
    )
    [problem] = check(text, "spec.yaml", settings=("train.steps=3",)).errors
    assert (problem.code, problem.label.place.file, problem.helps) == ("E108", SETTING, ())


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


def test_lists_inside_of_plain_values_have_paths() -> None:
    text = SPEC.replace("model:", "vars: {sizes: [1, {odd: [3, 5]}]}\nmodel:", 1)
    assert changed("vars.sizes.1.odd.0=7", text=text)["vars"]["sizes"] == [1, {"odd": [7, 5]}]
    assert caret("vars.sizes.1.even=7", refused("vars.sizes.1.even=7", text)) == "even"


def test_an_item_of_a_bare_list_goes_by_the_argument_that_it_is() -> None:
    text = SPEC.replace("- flatten", "- reshape: [4, 16]\n    - flatten")
    assert refused("model.layers.0.reshape.1=8", text).helps == ("write `model.layers.0.reshape.shape.1`",)
    reshaped = changed("model.layers.0.reshape.shape.1=8", text=text)["model"]["layers"][0]
    assert reshaped == {"reshape": {"shape": [4, 8]}}


def test_an_item_that_takes_the_value_as_its_argument_is_named_in_the_help() -> None:
    assert refused("train.optimizer=0.01").helps == ("for the argument of `adam` write `train.optimizer.adam=0.01`",)
    assert refused("model.nodes.c=2", GRAPH).helps == ("for the argument of `dense` write `model.nodes.c.dense=2`",)
    assert changed("model.nodes.c.dense=2", text=GRAPH)["model"]["nodes"]["c"]["dense"] == 2


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

"""`--set PATH=VALUE`: what paths resolve to, and that every place is a place in the argument."""

import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.problem import SETTING
from modelc.compiler.overrides.apply import override
from tests.compiler.overrides.settings import GRAPH, SPEC, caret, changed, checked, document, refused


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


def test_lists_inside_of_plain_values_have_paths() -> None:
    text = SPEC.replace("model:", "vars: {sizes: [1, {odd: [3, 5]}]}\nmodel:", 1)
    assert changed("vars.sizes.1.odd.0=7", text=text)["vars"]["sizes"] == [1, {"odd": [7, 5]}]
    assert caret("vars.sizes.1.even=7", refused("vars.sizes.1.even=7", text)) == "even"


def test_an_item_of_a_bare_list_goes_by_the_argument_that_it_is() -> None:
    text = SPEC.replace("- flatten", "- reshape: [4, 16]\n    - flatten")
    assert refused("model.layers.0.reshape.1=8", text).helps == ("write `model.layers.0.reshape.shape.1`",)
    reshaped = changed("model.layers.0.reshape.shape.1=8", text=text)["model"]["layers"][0]
    assert reshaped == {"reshape": {"shape": [4, 8]}}

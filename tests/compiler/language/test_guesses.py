"""Specs as people guess them who know Keras or PyTorch: one mistake is one error, and its cure leads to a spec that is valid."""

import pytest

from modelc.compiler.api import check
from modelc.compiler.explain.keys import EXAMPLE

CHAIN = "modelc: 1\nmodel: {{inputs: {{x: {{shape: [8]}}}}, layers: [{}]}}\n"
GRAPH = "modelc: 1\nmodel: {{inputs: {{x: {{shape: [8]}}, y: {{shape: [5, 4]}}}}, nodes: {{{}}}, outputs: [o]}}\n"
TRAINED = EXAMPLE.replace("  early_stopping: 5\n", "")


def found(text: str) -> list[tuple[str, str]]:
    """The code and the cures of each error in `text`."""
    return [(problem.code, "; ".join(problem.helps)) for problem in check(text, "spec.yaml").errors]


def test_the_specs_that_the_guesses_are_made_of_are_valid() -> None:
    for text in (
        EXAMPLE,
        TRAINED,
        CHAIN.format("dense: 8"),
        GRAPH.format("o: {from: x, dense: 8}, p: {from: y, relu}"),
    ):
        assert not found(text)


@pytest.mark.parametrize(
    ("layer", "code", "cure"),
    [
        ("linear: 64", "E105", "did you mean `dense: 64`?"),
        ("linear: {in_features: 8, out_features: 64}", "E105", "did you mean `dense: 64`?"),
        ("nn.Linear: 64", "E101", "did you mean `dense: 64`?"),
        ("torch.nn.Linear: {in_features: 8, out_features: 64, bias: false}", "E101", "`dense: {units: 64, use_bias: false}`"),
        ("BatchNorm2d: {momentum: 0.1}", "E101", "did you mean `batch_norm: {momentum: 0.9}`?"),
        ("{type: BatchNorm2d, momentum: 0.1}", "E107", "write `batch_norm: {momentum: 0.9}`"),
        ("tf.keras.layers.Dense: 64", "E101", "did you mean `dense`?"),
        ("keras.layers.Dropout: 0.5", "E101", "did you mean `dropout`?"),
        ("dense: {units: 8, activation: {linear: 4}}", "E105", "write `linear`"),
        ("dense: {units: 8, in_features: 8}", "E102", "remove it: the input of a layer is known from the layer before"),
        ("batch_norm: 8", "E105", "write only `batch_norm`"),
        ("{dense: 128, activation: relu}", "E103", "for an argument write `dense: {units: 128, activation: relu}`; start a new item"),
        ("{dense: {units: 8}, activation: relu}", "E103", "for an argument write `dense: {units: 8, activation: relu}`; start a new item"),
        ("{name: dense, units: 8, activation: relu}", "E107", "write `dense: {units: 8, activation: relu}`"),
        ("{name: dense}", "E107", "write `dense`"),
        ("dense: {units: 8, kernel_initializer: {type: glorot_uniform, seed: 3}}", "E107", "write `kernel_initializer: {glorot_uniform: {seed: 3}}`"),
        ("layer_norm: {dim: -1}", "E102", "did you mean `axis`?"),
        ("transpose: [-1, -2]", "E101", "did you mean `permute: [-1, -2]`?"),
        ("view: [2, 4]", "E101", "did you mean `reshape: [2, 4]`?"),
        ("reshape: {target_shape: [2, 4]}", "E102", "did you mean `shape`?"),
        ("torch.unsqueeze: -1", "E101", "did you mean `expand_dims: -1`?"),
        ("reduce_mean: -1", "E101", "did you mean `mean: -1`?"),
        ("mean: {dim: -1}", "E102", "did you mean `axis`?"),
        ("detach", "E101", "did you mean `stop_gradient`?"),
        ("clip: {min: 0}", "E102", "did you mean `min_value`?"),
        ("cast: int64", "E106", "did you mean `int32`?"),
        ("add: 3", "E105", "write `rescaling: {scale: 1, offset: 3}`; `add` joins several inputs"),
        ("multiply: 0.5", "E105", "write `rescaling: 0.5`; `multiply` joins several inputs"),
        ("RNN: {cell: {LSTMCell: 64}, return_sequences: true}", "E101", "did you mean `lstm: {units: 64, return_sequences: true}`?"),
        ("keras.layers.RNN: {cell: {keras.layers.GRUCell: {units: 8}}}", "E101", "did you mean `gru: 8`?"),
        ("RNN: {cell: [{lstm_cell: 8}, {gru_cell: 4}]}", "E101", "did you mean `stacked_rnn: [{lstm_cell: 8}, {gru_cell: 4}]`?"),
        ("RNN: {cell: {StackedRNNCells: {cells: [lstm_cell: 8]}}, go_backwards: true}", "E101", "did you mean `stacked_rnn: {cells: [{lstm_cell: 8}], go_backwards: true}`?"),
        ("RNN: 8", "E101", "did you mean `simple_rnn: 8`?"),
        ("StackedRNNCells: [lstm: 8]", "E101", "did you mean `stacked_rnn: [{lstm: 8}]`?"),
        ("lstm_cell: 8", "E101", "did you mean `lstm: 8`?"),
        ("simple_rnn_cell: 8", "E101", "did you mean `simple_rnn: 8`?"),
        ("stacked_rnn: [lstm_cell: 8]", "E101", "did you mean `lstm: 8`?"),
        ("stacked_rnn: {cells: {lstm: 8}}", "E105", ""),
        ("stacked_rnn: [lstm: {units: 8, unit: 8}]", "E102", "did you mean `units`?"),
        ("self_attention: {n_heads: 2}", "E102", "did you mean `num_heads`?"),
        ("self_attention: {num_heads: 2, rotary: true}", "E102", "did you mean `rotary_base`?"),
        ("self_attention: {num_heads: 2, causal: true}", "E102", "did you mean `use_causal_mask`?"),
        ("self_attention: {num_heads: 2, num_kv_heads: 1}", "E102", "did you mean `num_key_value_heads`?"),
        ("rotary_embedding: {theta: 10000}", "E102", "did you mean `base`?"),
        ("nn.Identity", "E101", "did you mean `linear`?"),
        ("identity", "E101", "did you mean `linear`?"),
        ("DropPath: 0.1", "E101", "did you mean `stochastic_depth: 0.1`?"),
        ("SpectralNormalization: {layer: {dense: 4}}", "E101", "did you mean `spectral_norm: {dense: 4}`?"),
        ("Lambda: 'lambda x: 2 * x'", "E101", "a spec cannot refer to code"),
        ("Sequential: []", "E101", "several layers in sequence are one item: `layers: [...]`"),
        ("TransformerEncoderLayer: {d_model: 8}", "E101", "a block of `residual`, `layer_norm`, `self_attention`"),
        ("resdual: [dense: 8]", "E101", "did you mean `residual`?"),
        ("paralel: {join: add, branches: {a: [], b: [relu]}}", "E101", "did you mean `parallel`?"),
        ("mean: 1.5", "E105", ""),
        ("mean: 1.0", "E105", "write `1`"),
        ("skip: 3", "E101", "write `residual: [...]` around"),
        ("lstm: {units: 8, return_state: true}", "E102", "the states are ports"),
        ("dense: {units: 8, trainable: false}", "E102", "move it out: write `{dense: {units: 8}, trainable: false}`"),
        ("dense: {units: 8, requires_grad: false}", "E102", "move it out: write `{dense: {units: 8}, trainable: false}`"),
        ("dense: {units: 8, lr_mult: 0.1}", "E102", "write `param_groups: [{paths: ["),
        ("{dense: 8, learning_rate: 0.1}", "E102", "write `param_groups: [{paths: ["),
        ("{dense: 8, requires_grad: false}", "E102", "did you mean `trainable`?"),
        ("{dense: 8, frozen: true}", "E102", "write `trainable: false` beside the layer"),
        ("freeze: [dense: 8]", "E101", "write `trainable: false` beside the layer"),
        ("dense: {units: 8, frozen: true}", "E102", "write `trainable: false` beside the layer"),
        ("dense: {units: 8, regularizer: l2}", "E102", "did you mean `kernel_regularizer`?"),
        ("conv2d: {filters: 8, kernel_size: 3, data_format: channels_first}", "E102", "channels are always last"),
        ("dense: {units: 8, activation: null}", "E105", "to have none, remove the key"),
        ("keras.layers.InputLayer: {shape: [8]}", "E101", "inputs are defined beside the layers"),
        ("StringLookup: {vocabulary: [a, b]}", "E101", "`data: {inputs: {city: {category: {column: city, classes: [berlin, paris], unknown: other}}}}`"),
        ("keras.layers.string_lookup", "E101", "strings become ids when they are read, for an input of `dtype: int32`"),
        ("TextVectorization: {max_tokens: 100}", "E101", "{text: {column: review, length: 200, vocabulary: 20000}}"),
        ("OneHotEncoder: 5", "E101", "did you mean `one_hot: 5`?"),
        ("keras.layers.Normalization: {axis: -1}", "E101", "did you mean `normalization"),
        ("ReversibleEmbedding: {input_dim: 8, output_dim: 4}", "E101", "use `embedding`, and `unembed: NODE`"),
        ("sampling", "E101", "draws are `random_normal`: multiply them by the deviation and add the mean"),
        ("take: -2", "E101", "did you mean `gather: -2`?"),
        ("unfold: 3", "E101", "did you mean `extract_patches2d: 3`?"),
        ("dense: {units: 8, activation: glu}", "E101", "`glu` is a layer, not an activation"),
        ("dense: {units: 8, activation: PReLU}", "E101", "`prelu` is a layer, not an activation"),
        ("add: [a, b]", "E105", "in a graph, name what feeds it beside it: `{from: [a, b], add}`"),
    ],
)  # fmt: skip
def test_a_guessed_layer_is_one_error_with_the_cure(layer: str, code: str, cure: str) -> None:
    [(given, shown)] = found(CHAIN.format(layer))
    assert given == code and cure in shown


def test_a_layer_may_be_called_like_another_one() -> None:
    assert not found(CHAIN.format("{dense: 8, name: dropout}, {activation: relu, name: dense}"))


@pytest.mark.parametrize(
    ("nodes", "code", "cure"),
    [
        ("o: {dense: 8, input: x}", "E102", "did you mean `from`?"),
        ("o: {dense: 8, inputs: [x]}", "E102", "did you mean `from`?"),
        ("a: {from: x, dense: 8}, o: {add: [a, x]}", "E104", "write `o: {from: [a, x], add}`"),
        ("a: {from: x, dense: 8}, o: {concatenate: [a, x]}", "E104", "write `o: {from: [a, x], concatenate}`"),
        ("o: {dense: x}", "E104", "write `o: {from: x, dense: ...}`"),
        ("o: {from: x, dense: {units: 3}, activation: relu}", "E103", "`dense: {units: 3, activation: relu}`; for one after the other write `layers: [dense: {units: 3}, activation: relu]`"),
        ("o: {from: x, type: dense, units: 8}", "E107", "write `o: {from: x, dense: {units: 8}}`"),
        ("e: {from: y, lstm: 3}, o: {from: {input: y, initial_state: [e.state_h, e.state_c]}, lstm: 3}", "E204", "did you mean `x`?"),
        ("e: {from: y, lstm: 3}, o: {from: {query: y}, lstm: 3}", "E204", "did you mean `x`?"),
        ("a: {from: x, layrs: [dense: 8]}, o: {from: a, dense: 8}", "E101", "did you mean `layers`?"),
        ("a: {from: x, dense: 8}, o: {from: x, Share: a}", "E101", "did you mean `share`?"),
        ("x: {from: y, relu}, o: {from: x, dense: 8}", "E110", "rename one of them"),
        ("e: {from: y, lstm: 3}, o: {from: {x: y, initial_state: e.state_h}, lstm: 3}", "E204", "`state_h` and `state_c`: `initial_state: [e.state_h, e.state_c]`"),
    ],
)  # fmt: skip
def test_a_guessed_node_is_one_error_with_the_cure(nodes: str, code: str, cure: str) -> None:
    text = GRAPH.format(nodes)
    [(given, shown)] = found(text)
    assert all(problem.is_error for problem in check(text, "spec.yaml").problems) or given != "E110"
    assert given == code and cure in shown


def test_two_guessed_arguments_are_two_errors() -> None:
    text = CHAIN.format("embedding: {vocab_size: 10, dim: 8}").replace("shape: [8]", "shape: [8], dtype: int32")
    assert found(text) == [("E102", "did you mean `input_dim`?"), ("E102", "did you mean `output_dim`?")]


@pytest.mark.parametrize(
    ("dtype", "right"),
    [("int", "int32"), ("long", "int32"), ("int64", "int32"), ("torch.long", "int32"), ("float", "float32"), ("double", "float32")],
)  # fmt: skip
def test_a_type_of_another_framework_is_answered_with_ours(dtype: str, right: str) -> None:
    text = CHAIN.format("dense: 8").replace("shape: [8]", f"shape: [8], dtype: {dtype}")
    assert found(text) == [("E106", f"did you mean `{right}`?")]


def test_of_a_format_that_is_not_known_nothing_else_is_said() -> None:
    assert found("modelc: 2\nmodul: 3\ndata: 4\n") == [("E007", "write `modelc: 1`")]
    assert len(found('modelc: "1"\nmodul: 3\n')) == 2


def test_each_separate_cycle_is_reported_once() -> None:
    nodes = "a: {from: b, relu}, b: {from: c, relu}, c: {from: a, relu}, self: {from: self, relu}, o: {from: [a, self], add}"
    messages = [problem.message for problem in check(GRAPH.format(nodes), "spec.yaml").errors]
    assert messages == [
        "the nodes feed each other in a cycle: a -> c -> b -> a",
        "the node `self` feeds itself",
    ]


UNNAMED = TRAINED.replace("      name: digit\n", "")
NAME_IT = ("E205", "give the last layer `name: digit`: a target has the name of its output")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("flatten", "flaten"),
        ("cross_entropy", "cros_entropy"),
        ("optimizer: {adam", "optimizer: {adm"),
        ("[accuracy]", "[acuracy]"),
        ("epochs:", "epoch:"),
        ("flatten", "flatten"),
    ],
)
def test_a_target_of_another_name_is_blamed_whatever_else_is_wrong(right: str, wrong: str) -> None:
    assert right in UNNAMED
    errors = found(UNNAMED.replace(right, wrong))
    assert errors.count(NAME_IT) == 1 and len(errors) == 1 + (right != wrong)
    assert len(found(TRAINED.replace(right, wrong))) == (right != wrong)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("dense: {units: 10, activation: softmax}\n      name: digit", "dens: 10"), ("  loss: cross_entropy\n", "")],
)
def test_no_target_is_blamed_for_a_name_that_cannot_be_known(right: str, wrong: str) -> None:
    assert right in TRAINED
    [(code, _)] = found(TRAINED.replace(right, wrong))
    assert code in ("E101", "E104")


@pytest.mark.parametrize(
    ("right", "wrong", "code", "cure"),
    [
        ("{adam: {learning_rate: 0.001}}", "{name: adam, learning_rate: 0.1}", "E107", "write `optimizer: {adam: {learning_rate: 0.1}}`"),
        ("loss: cross_entropy", "loss: {name: cross_entropy, label_smoothing: 0.1}", "E107", "write `loss: {cross_entropy: {label_smoothing: 0.1}}`"),
        ("source: digits", "source: {name: npz, path: iris.npz}", "E107", "write `source: {npz: {path: iris.npz}}`"),
        ("{category: label}", "{type: category, column: label}", "E107", "write `digit: {category: {column: label}}`"),
        ("source: digits", "source: npz:iris.npz", "E101", "write `source: {npz: iris.npz}`"),
        ("{image: {array: image}}", "image", "E105", "write `inputs: {image: {array: image}}`"),
        ("{image: {array: image}}", "[image]", "E105", "write `inputs: {image: {array: image}}`"),
        ("{digit: {category: label}}", "label", "E105", "write `targets: {digit: {category: label}}`"),
        ("shape: [8, 8]", "shape: 64", "E105", "write `shape: [64]`"),
        ("{image: {shape: [8, 8]}}", "image", "E105", "write `inputs: {image: {shape: [4]}}`"),
        ("epochs: 20", "epochs: 20\n  early_stopping: {patience: 3, mode: min}", "E102", "write `early_stopping: 3`"),
        ("epochs: 20", "epochs: 20\n  lr: 0.1", "E102", "write it inside: `optimizer: {adam: {learning_rate: 0.1}}`"),
        ("  epochs: 20", "  epochs: 20\nlr: 0.1", "E102", "write it inside: `optimizer: {adam: {learning_rate: 0.1}}`"),
        ("epochs: 20", "epochs: 20\n  validation_split: 0.1", "E102", "move it below `data:`, as `validation: 0.1`"),
        ("validation: 0.2", "batch_size: 8", "E102", "move it below `train:`"),
        ("validation: 0.2\ntrain:", "validation: 0.2\noptimiser: adam\ntrain:", "E102", "indent it below `train:`, as `optimizer: adam`"),
        ("loss: cross_entropy", "criterion: cross_entropy", "E102", "did you mean `loss`?"),
        ("[accuracy]", "{digit: accuracy}", "E105", "write `digit: [accuracy]`"),
        ("[accuracy]", "accuracy", "E105", "write `metrics: [accuracy]`"),
    ],
)  # fmt: skip
def test_a_guessed_section_is_one_error_with_the_cure(right: str, wrong: str, code: str, cure: str) -> None:
    assert right in TRAINED
    [(given, shown)] = found(TRAINED.replace(right, wrong))
    assert given == code and cure in shown


def test_a_section_that_is_one_word_and_nodes_as_a_list_are_spelt_out() -> None:
    assert found(CHAIN.format("dense: 8") + "data: digits\n") == [("E105", "write `data: {source: digits}`")]
    nodes = "modelc: 1\nmodel: {inputs: {x: {shape: [8]}}, nodes: [{name: a, from: x, dense: 8}], outputs: [a]}\n"
    [(code, cure)] = found(nodes)
    assert code == "E105" and "`nodes: {a: {from: x, dense: 8}}`" in cure


def test_metrics_that_are_no_list_are_named() -> None:
    [problem] = check(TRAINED.replace("[accuracy]", "{digit: accuracy}"), "spec.yaml").errors
    assert problem.message == "the metrics of `digit` must be a list, got the string `accuracy`"


def test_of_many_arguments_only_the_first_are_listed() -> None:
    [problem] = check(CHAIN.format("dense: {units: 3, actvation: relu}"), "spec.yaml").errors
    assert problem.notes == (
        "arguments of `dense`: units, activation, use_bias, kernel_initializer, bias_initializer, ... (all: `modelc explain dense`)",
    )


def test_labels_with_an_axis_of_one_are_told_how_to_keep_their_classes() -> None:
    text = TRAINED.replace("{category: label}", "{category: {column: label, shape: [1]}}")
    [(code, cure)] = found(text)
    assert code == "E304" and cure.startswith("drop the last axis") and "`category: {column: label, shape: []}`" in cure
    assert not found(text.replace("shape: [1]", "shape: []"))


def test_a_graph_without_any_node_is_told_first() -> None:
    text = (
        "modelc: 1\nmodel:\n  inputs: {image: {shape: [8, 8]}}\n  nodes: {}\n  outputs: [image]\n"
        "data: {source: digits, targets: {digit: {category: label}}}\n"
        "train: {loss: cross_entropy, optimizer: adam, epochs: 1}\n"
    )
    assert [problem.code for problem in check(text, "spec.yaml").problems][:1] == ["E104"]


def test_a_mistake_in_a_list_of_layers_is_shown_at_its_item() -> None:
    text = CHAIN.format("stacked_rnn: [lstm: 8, gruu: 8]")
    for written in (text, text.replace("[lstm: 8, gruu: 8]", "{cells: [lstm: 8, gruu: 8]}")):
        [problem] = check(written, "spec.yaml").errors
        assert problem.label.place.column == written.splitlines()[1].index("gruu") + 1


def test_a_block_of_nearly_that_name_is_nearer_than_what_others_have() -> None:
    text = "modelc: 1\nblocks: {Transformers: {layers: [relu]}}\nmodel:\n  inputs: {x: {shape: [4]}}\n"
    problems = check(f"{text}  layers: [Transformer, Transformers]\n", "spec.yaml").problems
    assert [problem.helps for problem in problems] == [("did you mean `Transformers`?",)]


BLOCKS = "modelc: 1\nblocks: {{A: {{params: {{{}}}, layers: [dense: {{units: $n}}]}}}}\nmodel: {{inputs: {{x: {{shape: [8]}}}}, layers: [{}]}}\n"


@pytest.mark.parametrize(
    ("text", "code", "word", "message", "cure"),
    [
        (
            TRAINED.replace("loss: cross_entropy", "losses: {digit: {cross_entropy: , target: digti}}"),
            "E205",
            "digti",
            "`data` has no target `digti`",
            "did you mean `digit`?",
        ),
        (
            TRAINED.replace("loss: cross_entropy", "losses: {digit: {cross_entropy: {weight: 3}}}"),
            "E102",
            "weight",
            "`weight` is not an argument of `cross_entropy`",
            "move it out: write `{cross_entropy: , weight: 3}`",
        ),
        (
            GRAPH.format("o: {from: x, layer: [dense: 8, relu]}, p: {from: y, relu}"),
            "E101",
            "layer:",
            "unknown layer `layer`",
            "write layers in sequence under `layers: [...]`, a single one under its own name",
        ),
        (
            GRAPH.format(
                "o: {from: [x, x, x, x], multi_head_attention: {num_heads: 1, key_dim: 2}}, p: {from: y, relu}"
            ),
            "E204",
            "[x, x",
            "`multi_head_attention` takes 3 inputs, got 4",
            "",
        ),
        (
            BLOCKS.format("n: ints", "A: {n: [3, some]}"),
            "E105",
            "some",
            "`n` of the block `A` must be an integer or a list of integers, got the string `some`",
            "write an integer, such as `8`",
        ),
        (
            BLOCKS.format("n: int, act: relu", "{A: 3, act: tanh}"),
            "E102",
            "act: tanh",
            "`act` is an argument of `A` and belongs inside it",
            "write `A: {act: ...}`, with all arguments by name",
        ),
        (
            BLOCKS.format("n: integr", "A: 3"),
            "E106",
            "integr",
            "`integr` is not the type of a parameter",
            "write `int` for an integer that is required",
        ),
        (
            BLOCKS.format("n: int", "relu").replace("dense", "Dense"),
            "E101",
            "Dense",
            "unknown layer `Dense`",
            "did you mean `dense`?",
        ),
        (
            BLOCKS.format("n: int", "relu").replace("units", "unts"),
            "E102",
            "unts",
            "unknown argument `unts` in `dense`",
            "did you mean `units`?",
        ),
    ],
    ids=lambda value: value if " " not in value else "",
)
def test_the_word_to_change_is_the_one_that_is_blamed(text: str, code: str, word: str, message: str, cure: str) -> None:
    [problem] = check(text, "spec.yaml").errors
    assert (problem.code, problem.message, "; ".join(problem.helps)) == (code, message, cure)
    place = problem.label.place
    assert text.splitlines()[place.line - 1][place.column - 1 :].startswith(word)

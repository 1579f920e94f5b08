"""What people bring from the trainers of others is answered with what to write, and that is valid and says what they meant."""

import re
from typing import Any

import pytest

from modelc.compiler.api import Checked, check
from modelc.compiler.explain.foreign_words import foreign_word
from modelc.compiler.language.settings import Clipping
from modelc.compiler.language.suggestions.trainer_words import WORDS
from modelc.compiler.library.optimizers import OPTIMIZERS

SPEC = """\
modelc: 1
blocks:
  Body: {{layers: [dense: 32, batch_norm, relu]}}
model:
  inputs: {{x: {{shape: [13]}}}}
  layers:
    - {{Body: {{}}, name: stem}}
    - {{Body: {{}}, name: trunk}}
    - {{dense: {{units: 3, activation: softmax}}, name: kind}}
train:
  loss: cross_entropy
{}
"""
ADAM, EPOCHS = "optimizer: adam", "epochs: 5"


def checked(*keys: str) -> Checked:
    return check(SPEC.format("\n".join(f"  {key}" for key in keys)), "spec.yaml")


def helps(*keys: str) -> list[str]:
    return [help for problem in checked(*keys).errors for help in problem.helps]


def written(help: str) -> list[str]:
    return re.findall(r"`(\w+: [^`]*)`", help)


def trained(*keys: str) -> Any:
    """The `train` of a spec with these keys, which is valid."""
    found = checked(*keys)
    assert found.task is not None and not found.errors, found.errors
    return found.task.spec.train


@pytest.mark.parametrize(
    ("optimizer", "right"),
    [
        ("{type: adamw, kwargs: {lr: 0.01, weight_decay: 0.1}}", {"learning_rate": 0.01, "weight_decay": 0.1}),
        ("{name: AdamW, lr: 0.01, params: {weight_decay: 0.1}}", {"learning_rate": 0.01, "weight_decay": 0.1}),
        (
            "{class: torch.optim.AdamW, lr: 0.01, betas: [0.8, 0.9]}",
            {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.9},
        ),
        ("{class_path: torch.optim.AdamW, init_args: {lr: 0.01, eps: 0.1}}", {"learning_rate": 0.01, "epsilon": 0.1}),
        ("{_target_: torch.optim.AdamW, lr: 0.01}", {"learning_rate": 0.01}),
        ("{'@optimizers': AdamW.v1, learn_rate: 0.01, beta1: 0.8}", {"learning_rate": 0.01, "beta_1": 0.8}),
        ("{type: adamw, adam_beta1: 0.8, adam_epsilon: 0.1}", {"beta_1": 0.8, "epsilon": 0.1}),
    ],
)
def test_an_optimizer_in_another_form_is_written_with_all_its_arguments(optimizer: str, right: dict[str, Any]) -> None:
    [help] = helps(f"optimizer: {optimizer}", EPOCHS)
    found = OPTIMIZERS.dump(trained(written(help)[0], EPOCHS).optimizer)
    assert found == OPTIMIZERS.dump(OPTIMIZERS.build({"adamw": right}))


def test_what_an_optimizer_of_spacy_has_beside_its_own_arguments_is_said() -> None:
    [help] = helps("optimizer: {'@optimizers': Adam.v1, learn_rate: 0.01, L2: 0.1, grad_clip: 2.0}", EPOCHS)
    optimizer, clipping = written(help)[:2]
    assert trained(optimizer, clipping, EPOCHS).settings.clip_gradients == Clipping("global_norm", 2.0)
    assert "for `L2`: penalties are arguments of layers: `kernel_regularizer: {l2: 0.1}`" in help


@pytest.mark.parametrize(
    ("keys", "right"),
    [
        (["gradient_clip_val: 0.5"], Clipping("global_norm", 0.5)),
        (["gradient_clip_val: 0.5", "gradient_clip_algorithm: value"], Clipping("value", 0.5)),
        (["gradient_clipping: {clipglobalnorm: 0.5}"], Clipping("global_norm", 0.5)),
        (["gradient_clipping: {clipnorm: 0.5}"], Clipping("norm", 0.5)),
        (["clip: {clipvalue: 0.5}"], Clipping("value", 0.5)),
        (["grad_clip: {max_norm: 2}"], Clipping("global_norm", 2.0)),
    ],
)
def test_clipping_is_written_with_the_number_and_the_kind_of_theirs(keys: list[str], right: Clipping) -> None:
    for help in helps(*keys, ADAM, EPOCHS):
        assert trained(written(help)[0], ADAM, EPOCHS).settings.clip_gradients == right


@pytest.mark.parametrize("key", ["ema: 0.99", "ema: {decay: 0.99}", "model_ema: {momentum: 0.99}"])
def test_averages_keep_the_number_of_theirs(key: str) -> None:
    [help] = helps(key, ADAM, EPOCHS)
    assert trained(written(help)[0], ADAM, EPOCHS).settings.weight_averaging == 0.99


@pytest.mark.parametrize(
    ("key", "schedule"),
    [
        (
            "learning_rate_scheduler: {decay: exponential, decay_rate: 0.9, decay_steps: 100}",
            {"exponential": {"learning_rate": 0.01, "decay_rate": 0.9, "decay_steps": 100}},
        ),
        ("learning_rate_scheduler: {decay: linear, reduce_on_plateau: 3}", {"linear": 0.01}),
        ("callbacks: [{LearningRateScheduler: {schedule: linear}}]", {"linear": 0.01}),
        ("lr_scheduler: {LambdaLR: {lr_lambda: f}}", {"cosine": 0.01}),
    ],
)
def test_a_schedule_of_others_is_the_one_that_is_meant(key: str, schedule: Any) -> None:
    [help] = helps(key, "optimizer: {adam: 0.01}", EPOCHS)
    found = trained(written(help)[0], EPOCHS).optimizer
    assert OPTIMIZERS.dump(found) == OPTIMIZERS.dump(OPTIMIZERS.build({"adam": {"learning_rate": schedule}}))
    assert ("`LambdaLR` is no schedule here" in help) == ("LambdaLR" in key)


def test_the_decay_of_keras_2_is_the_schedule_with_its_formula() -> None:
    [help] = helps("optimizer: {adam: {learning_rate: 0.01, decay: 0.001}}", EPOCHS)
    schedule = written(help)[0].replace("RATE", "0.01")
    rates = trained(f"optimizer: {{adam: {{{schedule}}}}}", EPOCHS).optimizer.learning_rate.function(1000)
    assert [float(rates(step)) for step in (0, 1, 500)] == pytest.approx(
        [0.01 / (1 + 0.001 * step) for step in (0, 1, 500)]
    )


@pytest.mark.parametrize(
    ("optimizer", "factor"),
    [
        ("adam", "0.1"),
        ("{adam: 0.01}", "0.01"),
        ("{adam: {learning_rate: 0.01}}", "0.01"),
        ("{adam: {learning_rate: {cosine: 0.01}}}", "0.01"),
        ("{adam: {learning_rate: {cosine: {learning_rate: 0.01, warmup_steps: 3}}}}", "0.01"),
        ("{lars: {momentum: 0.5}}", "0.1"),
    ],
)
@pytest.mark.parametrize("word", ["lr", "learning_rate"])
def test_the_rate_of_a_group_is_answered_with_its_factor(word: str, optimizer: str, factor: str) -> None:
    group = f"param_groups: [{{paths: [stem], {word}: 0.0001}}]"
    assert any(
        f"write `learning_rate_factor: {factor}`" in help for help in helps(f"optimizer: {optimizer}", group, EPOCHS)
    )


@pytest.mark.parametrize(
    ("key", "frozen"),
    [
        ("freeze_layers: [stem]", ("stem",)),
        ("frozen_layers: [stem, trunk]", ("stem", "trunk")),
        ("non_trainable: trunk", ("trunk",)),
        ("trainable: [kind]", ("stem", "trunk")),
        ("trainable_layers: [trunk, kind]", ("stem",)),
    ],
)
def test_what_is_frozen_is_what_they_name(key: str, frozen: tuple[str, ...]) -> None:
    [help] = helps(key, ADAM, EPOCHS)
    assert trained(written(help)[0], ADAM, EPOCHS).settings.freeze == frozen


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("model.weights.h5", "`initial_weights: {file: model.safetensors}`"),
        ("nets/model.keras", "`initial_weights: {file: nets/model.safetensors}`"),
        ("model.pth", "`initial_weights: {file: model.safetensors, layout: torch}`"),
        ("model.safetensors", "`initial_weights: {file: model.safetensors}`"),
        ("runs/first/a", "`initial_weights: {run: runs/first/a}`"),
    ],
)
def test_weights_of_a_file_are_answered_by_what_the_file_is(file: str, told: str) -> None:
    [help] = helps(f"load_weights: {file}", ADAM, EPOCHS)
    assert told in help and ("save_file" in help) == (not file.endswith(("safetensors", "a")))


@pytest.mark.parametrize(
    ("theirs", "right"),
    [
        ("num_train_epochs: 3", "epochs"),
        ("max_steps: 3", "steps"),
        ("per_device_train_batch_size: 3", "batch_size"),
        ("early_stopping_patience: 3", "early_stopping"),
        ("early_stopping_rounds: 3", "early_stopping"),
    ],
)
def test_other_names_of_a_setting_are_known(theirs: str, right: str) -> None:
    length = () if right in ("epochs", "steps") else (EPOCHS,)
    assert helps(theirs, ADAM, *length) == [f"did you mean `{right}`?"]


@pytest.mark.parametrize("word", [*WORDS, "load_best_model_at_end", "save_strategy", "dataloader_num_workers"])
def test_what_needs_nothing_is_answered_so(word: str) -> None:
    [help] = helps(f"{word}: 2", ADAM, EPOCHS)
    assert help.startswith(("remove it: ", "dropout is a layer"))


@pytest.mark.parametrize(
    ("value", "monitor"),
    [("eval_loss", "validation/loss"), ("eval_accuracy", "validation/accuracy"), ("f1", "validation/f_beta")],
)
def test_what_says_which_weights_are_best_is_the_monitor(value: str, monitor: str) -> None:
    assert helps(f"metric_for_best_model: {value}", ADAM, EPOCHS) == [f"write `monitor: {monitor}`"]
    assert foreign_word("metric_for_best_model") == "write `monitor: validation/loss`, or another key of the log"


def test_bounds_and_decays_of_others_below_the_keys_here_are_known() -> None:
    assert helps("clip_gradients: {max_norm: 1.0}", ADAM, EPOCHS) == ["did you mean `global_norm`?"]
    assert helps("weight_averaging: {decay: 0.99}", ADAM, EPOCHS) == ["did you mean `ema`?"]
    assert "write `gradient_checkpointing: true`" in helps("gradient_checkpointing: {every: 2}", ADAM, EPOCHS)[0]


@pytest.mark.parametrize(
    ("key", "said", "freeze"),
    [
        ("freeze_layers: [stem]", "freeze: [stem]", ("stem",)),
        ("trainable: [kind]", "freeze: [stem, trunk]", ("stem", "trunk")),
        ("learning_rate: 0.1", "optimizer: {adam: {learning_rate: 0.1}}", ()),
        ("lr: 0.1", "optimizer: {adam: {learning_rate: 0.1}}", ()),
        ("beta_1: 0.8", "optimizer: {adam: {beta_1: 0.8}}", ()),
    ],
)
def test_words_of_others_in_a_phase_are_answered_there(key: str, said: str, freeze: tuple[str, ...]) -> None:
    phase = "phases: [{{name: head, epochs: 2, {}}}]"
    [help] = helps(ADAM, phase.format(key))
    assert written(help) == [said] and "below" not in help
    found = trained(ADAM, phase.format(said)).phases[0]
    assert found.settings.freeze == freeze
    number = float(key.partition(": ")[2]) if not freeze else None
    assert number is None or number in (found.optimizer.learning_rate, found.optimizer.beta_1)


@pytest.mark.parametrize("key", ["unfreeze: [stem]", "unfreeze_at: 3", "unfreeze_layers: 2", "fine_tune: true"])
def test_what_unfreezes_in_a_phase_is_not_taken_for_what_freezes(key: str) -> None:
    [help] = helps(ADAM, f"phases: [{{name: head, epochs: 2, {key}}}]")
    assert help == "leave out of `freeze` what is to be trained: a phase trains all that it does not freeze"


def test_the_rate_of_a_phase_with_an_optimizer_of_its_own_stands_in_that() -> None:
    [help] = helps(ADAM, "phases: [{name: head, epochs: 2, optimizer: {sgd: {momentum: 0.9}}, lr: 0.1}]")
    assert written(help) == ["optimizer: {sgd: {momentum: 0.9, learning_rate: 0.1}}"]


def phases_helps(*keys: str) -> list[str]:
    """The helps for keys of a second phase, behind one that freezes the stem."""
    return helps(
        ADAM, f"phases: [{{name: head, epochs: 2, freeze: [stem]}}, {{name: all, epochs: 3, {', '.join(keys)}}}]"
    )


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("clipnorm: 2.0", "clip_gradients: {norm: 2.0}"),
        ("max_grad_norm: 2.0", "clip_gradients: {global_norm: 2.0}"),
        ("lr_scheduler: linear", "optimizer: {adam: {learning_rate: {linear: 0.001}}}"),
        ("callbacks: [{EarlyStopping: {patience: 2}}]", "early_stopping: 2"),
    ],
)
def test_words_in_a_phase_are_answered_with_what_a_phase_may_have(theirs: str, ours: str) -> None:
    [help] = phases_helps(theirs)
    assert f"`{ours}`" in help and "below `train:`" not in help
    assert not phases_helps(ours)


def test_averages_in_a_phase_are_those_of_the_whole_training() -> None:
    [help] = phases_helps("ema: 0.9")
    assert help.startswith("write `weight_averaging: {ema: 0.9}` below `train:`")
    assert phases_helps("restore_best_weights: true")[0].startswith("write `from: best` in the next phase")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("strict: false", "without `take`, every weight is taken that has the same path"),
        ("skip_mismatch: true", "without `take`, every weight is taken that has the same path"),
        ("include: [stem]", "write `take: [encoder]`"),
        ("url: example.org", "nothing is downloaded"),
    ],
)
def test_words_in_initial_weights_are_answered(key: str, told: str) -> None:
    [help] = helps(f"initial_weights: {{run: runs/a, {key}}}", ADAM, EPOCHS)
    assert told in help
    [other] = helps(f"initial_weights: [{{run: runs/a, {key}}}]", ADAM, EPOCHS)
    assert other == help


@pytest.mark.parametrize(
    ("group", "right"),
    [
        ("{layers: [stem], lr_mult: 0.1}", {"layers": "paths", "lr_mult": "learning_rate_factor"}),
        ("{names: [stem], lr_scale: 0.1}", {"names": "paths", "lr_scale": "learning_rate_factor"}),
    ],
)
def test_other_names_of_what_a_group_has_are_known(group: str, right: dict[str, str]) -> None:
    assert helps(f"param_groups: [{group}]", ADAM, EPOCHS) == [f"did you mean `{key}`?" for key in right.values()]
    for theirs, ours in right.items():
        group = group.replace(theirs, ours)
    assert not helps(f"param_groups: [{group}]", ADAM, EPOCHS)


@pytest.mark.parametrize(
    ("value", "precision"),
    [
        ("true", "mixed_bfloat16"),
        ("mixed_float16", "mixed_float16"),
        ("16-mixed", "mixed_float16"),
        ("bf16", "mixed_bfloat16"),
    ],
)
def test_mixed_precision_is_that_of_theirs(value: str, precision: str) -> None:
    [help] = helps(f"mixed_precision: {value}", ADAM, EPOCHS)
    assert help.startswith(f"write `precision: {precision}` below `model:`")


@pytest.mark.parametrize("word", ["fused", "foreach", "maximize", "loss_scale_factor", "dampening"])
def test_arguments_that_no_optimizer_needs_are_removed(word: str) -> None:
    [help] = helps(f"optimizer: {{sgd: {{momentum: 0.9, {word}: 1}}}}", EPOCHS)
    assert help.startswith("remove it: ")


def test_what_is_counted_in_epochs_is_written_in_steps() -> None:
    schedule = "{exponential: {learning_rate: 0.1, decay_rate: 0.5, decay_epochs: 2}}"
    told = helps(f"optimizer: {{adam: {{learning_rate: {schedule}}}}}", EPOCHS)
    assert "the decay is counted in steps: write `decay_steps` with 2 times the batches of an epoch" in told


def test_normalizations_are_frozen_by_their_paths() -> None:
    [help] = helps("freeze_bn: true", ADAM, EPOCHS)
    assert trained(written(help)[0], ADAM, EPOCHS).settings.freeze == ("**/batch_norm",)


def test_the_rows_of_a_device_are_not_fixed_to_be_those_of_a_step() -> None:
    [problem] = checked("per_device_train_batch_size: 8", ADAM, EPOCHS).errors
    assert problem.helps == ("did you mean `batch_size`?",) and problem.fix is None
    [problem] = checked("train_batch_size: 8", ADAM, EPOCHS).errors
    assert problem.fix is not None


@pytest.mark.parametrize(
    ("whole", "arguments", "said"),
    [
        ("adamw", "learning_rate: 0.1", "adamw: {learning_rate: 0.1}"),
        ("{adamw: 0.001}", "lr: 0.1, weight_decay: 0.2", "adamw: {learning_rate: 0.1, weight_decay: 0.2}"),
        ("{sgd: {momentum: 0.9}}", "learning_rate: 0.1", "sgd: {learning_rate: 0.1}"),
        # Not one of these has it.
        ("sgd", "learning_rate: 0.1, beta_1: 0.8", "adam: {learning_rate: 0.1, beta_1: 0.8}"),
    ],
)
def test_arguments_of_an_optimizer_without_its_name_are_answered_with_it(whole: str, arguments: str, said: str) -> None:
    phases = f"phases: [{{name: head, epochs: 2, optimizer: {{{arguments}}}}}]"
    [help] = helps(f"optimizer: {whole}", phases)
    assert written(help) == [f"optimizer: {{{said}}}"]
    assert (
        trained(f"optimizer: {whole}", phases.replace(f"{{{arguments}}}", f"{{{said}}}")).phases[0].optimizer
        is not None
    )


def test_so_are_those_of_the_whole_training_in_one_error() -> None:
    assert [written(help) for help in helps("optimizer: {lr: 0.1, weight_decay: 0.2}", EPOCHS)] == [
        ["optimizer: {adamw: {learning_rate: 0.1, weight_decay: 0.2}}"]
    ]


@pytest.mark.parametrize("word", ["exclude", "mask", "exclude_bias"])
def test_what_is_not_to_decay_is_a_group(word: str) -> None:
    [help] = helps(f"optimizer: {{adamw: {{{word}: [bias]}}}}", EPOCHS)
    assert "param_groups" in help and "biases and scales of normalizations never decay" in help

"""The contracts of optimizers and learning-rate schedules: Keras's arguments and defaults, optax's update formulas."""

from collections.abc import Mapping
from typing import Any, ClassVar

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.base.registry import Registered
from modelc.compiler.library.base.update_words import UNDECAYED, UPDATE_WORDS


class Schedule(Registered):
    """Abstract: each subclass is one schedule of the learning rate over steps, counted from 0."""

    length: ClassVar[str] = ""
    """The argument that says for how many steps it is, where that follows from the length of the run if it is left out."""

    def caution(self, total_steps: int) -> PlanError | None:
        """What a run of `total_steps` makes of it that is probably not meant: a warning, with the code of one."""
        return None

    def function(self, total_steps: int) -> "optax.Schedule":
        """The learning rate as a function of the step, for a run of `total_steps`."""
        raise NotImplementedError


class Optimizer(Registered):
    """Abstract: each subclass is one optimizer, with a field `learning_rate` (a number or a schedule)."""

    usual_schedule: ClassVar[str] = "cosine"
    """The schedule as which a warm-up is written that others write without one."""
    is_averaging: ClassVar[bool] = False
    """Whether it averages weights, so that the model is to be used with its `averages`."""
    exclusions: ClassVar[str] = ""
    """The argument with the patterns of weights that go by `of_excluded` instead; empty where there is none."""
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("decay", "lr_decay"),
            "a schedule lowers the learning rate, as its value: what Keras 2 and PyTorch call so is `learning_rate: {inverse_time: "
            "{learning_rate: RATE, decay_steps: 1, decay_rate: {value}}}`; what decays weights is the `weight_decay` of `adamw`",
        ),
        **dict.fromkeys(
            ("gamma", "learning_rate_decay"),
            "a schedule lowers the learning rate, as its value: `learning_rate: {cosine: 0.001}`; what decays weights is the "
            "`weight_decay` of `adamw`",
        ),
        **dict.fromkeys(
            ("lr_schedule", "lr_scheduler", "schedule", "scheduler"),
            "a schedule is the value of the learning rate: write `learning_rate: {value}`",
        ),
        **dict.fromkeys(("exclude", "exclude_bias", "mask", "no_decay_params", "weight_decay_mask"), UNDECAYED),
        **dict.fromkeys(
            ("l2", "l2_regularization", "penalty"),
            "penalties are arguments of layers: `kernel_regularizer: {l2: {value}}`",
        ),
        **dict.fromkeys(
            ("capturable", "differentiable", "foreach", "fused", "jit_compile", "name"),
            "remove it: a step is compiled as a whole",
        ),
        **dict.fromkeys(
            ("loss_scale", "loss_scale_factor"),
            "remove it: `precision: mixed_float16` finds the scale of the loss by itself",
        ),
        "maximize": "remove it: losses are minimized; `rescaling: -1` before `minimize` turns the sign of a value",
        **UPDATE_WORDS,
        "weight_decay": "`adamw` decays weights; what PyTorch adds to the gradient here is the penalty of half of it in each "
        "layer, `kernel_regularizer: {l2: ...}` with half of {value}",
    }

    def caution(self) -> PlanError | None:
        """What is computed as it is written, and probably not meant: a warning, with the code of one."""
        return None

    def of_excluded(self) -> "Optimizer":
        """The optimizer of the weights that `exclusions` names, of one that has this argument."""
        raise NotImplementedError(f"{type(self).__name__} has `exclusions` and no `of_excluded`")

    def averages(self, params: Any, state: Any) -> Any:
        """The averages of an optimizer that averages, of the weights that are trained and the state of its transformation."""
        raise NotImplementedError(f"{type(self).__name__} averages and has no `averages`")

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        """The optax transformation of this optimizer for a run of `total_steps`."""
        raise NotImplementedError

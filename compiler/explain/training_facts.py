"""What a training does beside its optimizer, in words: each a name and a text, of what the spec asks for alone."""

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.language.settings import EarlyStopping, GroupSpec, Settings

BOUNDS = {
    "global_norm": "clipped to a global norm of {:g}",
    "norm": "each weight's clipped to a norm of {:g}",
    "value": "clipped to values of {:g}",
}


def training_facts(settings: Settings, monitor: str) -> tuple[tuple[str, str], ...]:
    """The facts of a training, or of a phase, by their names; `monitor` is the key of the log that early stopping goes by."""
    parts, averaging = settings.gradient_accumulation, settings.weight_averaging
    gradients = []
    if parts > 1:
        gradients.append(f"accumulated over {parts} parts of {counted(settings.rows_at_once, 'row')}")
    if settings.clip_gradients is not None:
        gradients.append(BOUNDS[settings.clip_gradients.of].format(settings.clip_gradients.most))
    if settings.gradient_checkpointing:
        gradients.append(f"with {computed_again(settings.gradient_checkpointing)} computed again")
    found = {
        "frozen": ", ".join(settings.freeze),
        "groups": "; ".join(map(group, settings.param_groups)),
        "gradients": ", ".join(gradients),
        "averages": ""
        if averaging is None
        else f"of the weights, by {averaging:g} a step: validation and saved weights are these, train/... is not",
        "evaluated": f"every {counted(settings.validate_every, 'epoch')}, and at the end"
        if settings.validate_every > 1
        else "",
        "early stopping": ""
        if settings.early_stopping is None
        else stopping(settings, settings.early_stopping, monitor),
    }
    return tuple((name, text) for name, text in found.items() if text)


def own_facts(phase: Settings, monitor: str, whole: Settings) -> tuple[tuple[str, str], ...]:
    """Those of a phase that are not those of the whole training."""
    beside = training_facts(whole, monitor)
    return tuple(fact for fact in training_facts(phase, monitor) if fact not in beside)


def computed_again(checkpointing: bool | tuple[str, ...]) -> str:
    """What the backward pass computes again."""
    return "values" if isinstance(checkpointing, bool) else f"values of {', '.join(checkpointing)}"


def group(spec: GroupSpec) -> str:
    """A group of weights: `backbone: learning rate times 0.1`."""
    said = []
    if spec.learning_rate_factor is not None:
        said.append(f"learning rate times {spec.learning_rate_factor:g}")
    if spec.weight_decay is not None:
        said.append(f"weight decay {spec.weight_decay:g}")
    return f"{', '.join(spec.paths)}: {', '.join(said)}"


def stopping(settings: Settings, early: EarlyStopping, monitor: str) -> str:
    """When a training stops early."""
    word = "evaluation" if settings.is_seldom(monitor) else "epoch"
    start = f", the first {counted(early.start, 'epoch')} not counted" if early.start else ""
    return f"after {counted(early.patience, word)} without {better(monitor, early.min_delta)}{start}"


def better(monitor: str, by: float) -> str:
    """What is waited for: a `monitor` that is better, by more than a number."""
    return f"a better {monitor}{f' by more than {by:g}' if by else ''}"


def waited_for(settings: Settings, monitor: str, waited: int) -> str:
    """How long a training that has stopped early had waited for what: `the last 4 without a better validation/loss`."""
    early = settings.early_stopping
    count = f" {waited:,}" if waited > 1 else ""
    word = f" evaluation{'' if waited == 1 else 's'}" if settings.is_seldom(monitor) else ""
    return f"the last{count}{word} without {better(monitor, 0.0 if early is None else early.min_delta)}"

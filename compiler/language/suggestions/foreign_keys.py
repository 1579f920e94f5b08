"""What stands for keys and values of sections as other frameworks write them: `loss_weights`, `early_stopping: {patience: 5}`.

Texts for the help of messages only, each a function of the value and the whole spec, so that it has the user's own numbers.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from modelc.compiler.language.suggestions.bad_row_words import WHOLE_BATCHES, as_bad_rows, as_missing, as_turned
from modelc.compiler.language.suggestions.freezing_words import KEYS as FREEZING
from modelc.compiler.language.suggestions.held_out_rows import (
    BY_COLUMN,
    OF_PARTS,
    as_fraction,
    as_rest,
    as_test_fraction,
    source_written,
)
from modelc.compiler.language.suggestions.initial_weight_words import KEYS as OF_ELSEWHERE
from modelc.compiler.language.suggestions.initial_weight_words import as_initial, is_of_elsewhere
from modelc.compiler.language.suggestions.length_words import KEYS as OF_LENGTHS
from modelc.compiler.language.suggestions.spelling import synonyms
from modelc.compiler.language.suggestions.trainer_words import KEYS as OF_TRAINERS
from modelc.compiler.language.suggestions.updates import UPDATES, as_update
from modelc.compiler.language.suggestions.window_words import WINDOW_WORDS, as_window
from modelc.compiler.language.suggestions.wording import flow, in_line, spell
from modelc.compiler.language.suggestions.wrong_kinds import as_inputs_of_data, mapping_in
from modelc.compiler.library.base.bad_row_words import BAD_ROWS, MISSING, TURNED
from modelc.compiler.library.base.registry import fold
from modelc.compiler.library.base.update_words import TRUNCATION

Spec = Mapping[str, Any]
NO_SPEC: Spec = {}
RATE = "a schedule is the value of the learning rate: "
LONGEST = 300
"""Characters of an optimizer that is written out."""


def as_weights_of_terms(value: Any, spec: Spec) -> str:
    """How the weights of losses stand beside them."""
    losses = mapping_in(mapping_in(spec, "train"), "losses")
    in_order = dict(zip(losses, value, strict=False)) if isinstance(value, list) else {}
    weights = value if isinstance(value, Mapping) else in_order
    terms = []
    for name, loss in losses.items():
        given = [loss] if isinstance(loss, str) else []
        given += [
            key if one is None else f"{key}: {flow(one)}"
            for key, one in (loss if isinstance(loss, Mapping) else {}).items()
        ]
        given += [f"weight: {flow(weights[name])}"] if name in weights else []
        terms.append(f"{name}: {given[0] if given == [loss] else '{' + ', '.join(given) + '}'}")
    written = ", ".join(terms) or "price: {mean_squared_error, weight: 0.5}"
    return f"write the weight beside its term: `losses: {{{written}}}`"


def as_schedule(value: Any, spec: Spec, arguments_of_schedule: Spec = NO_SPEC) -> str:
    """How a schedule is written as the learning rate of the spec's own optimizer."""
    from modelc.compiler.language.suggestions.schedule_words import schedule_written
    from modelc.compiler.library.optimizers import OPTIMIZERS

    written = mapping_in(spec, "train").get("optimizer")
    things = {written: None} if isinstance(written, str) else written if isinstance(written, Mapping) else {}
    optimizer, given = next(((name, given) for name, given in things.items() if name in OPTIMIZERS), ("adam", None))
    primary = OPTIMIZERS.find(optimizer).primary or "learning_rate"
    arguments = given if isinstance(given, Mapping) else {} if given is None else {primary: given}
    highest = arguments.get(primary, OPTIMIZERS.find(optimizer).model_fields[primary].default)
    usual = OPTIMIZERS.find(optimizer).usual_schedule
    kind, own, told = schedule_written(value, highest if isinstance(highest, int | float) else 0.001, usual)
    own = {**own, **arguments_of_schedule}
    chosen = {kind: own["learning_rate"] if [*own] == ["learning_rate"] else own}
    return "; ".join((f"{RATE}`optimizer: {{{optimizer}: {in_line({**arguments, primary: chosen}, LONGEST)}}}`", *told))


def as_exponential(value: Any, spec: Spec) -> str:
    """How a decay is written whose arguments stand in `train`."""
    train = mapping_in(spec, "train")
    return as_schedule(
        {"exponential": {key: train[key] for key in ("decay_rate", "decay_steps") if key in train}}, spec
    )


def as_best(value: Any, spec: Spec) -> str:
    """How the value is named that says which weights are best, by Hugging Face's `eval_loss` or Ludwig's `loss`."""
    if not isinstance(value, str):
        return "write `monitor: validation/loss`, or another key of the log"
    return f"write `monitor: {log_key('val_' + value.removeprefix('eval_').removeprefix('val_'))}`"


def as_warmup(value: Any, spec: Spec) -> str:
    """How a warm-up is written in a schedule."""
    text = as_schedule(None, spec, {"warmup_steps": value if type(value) is int else "..."})
    return f"{text}, which also lowers the rate after the warm-up" if "{cosine:" in text else text


def as_penalty(value: Any, spec: Spec) -> str:
    """How a penalty on all weights is written: in each layer."""
    ((kind, one),) = value.items() if isinstance(value, Mapping) and len(value) == 1 else (("l2", value),)
    written = f"{kind}: {one}" if type(one) in (int, float) else "l2: ..."
    return f"penalties are arguments of layers: `kernel_regularizer: {{{written}}}`"


def as_decay(value: Any, spec: Spec) -> str:
    """How weights decay, which the spec's own optimizer does not do."""
    from modelc.compiler.library.optimizers import OPTIMIZERS

    written = mapping_in(spec, "train").get("optimizer")
    named = [written] if isinstance(written, str) else written if isinstance(written, Mapping) else []
    optimizer = next((name for name in named if name in OPTIMIZERS), "adam")
    return OPTIMIZERS.find(optimizer).foreign_argument("weight_decay").replace("{value}", flow(value))


def as_file(value: Any, spec: Spec) -> str:
    """How the file of the rows is written."""
    if not isinstance(value, str):
        return ""
    written, others = source_written(value)
    return f"write `source: {written}`{others}"


def as_normalization(value: Any, spec: Spec) -> str:
    """Which layer standardizes, and whether the model has it."""
    from modelc.compiler.library.readers.array import NORMALIZATION

    has_one = "normalization" in names_in(mapping_in(spec, "model"))
    return f"remove it: {NORMALIZATION}{', and the model has it' if has_one else ''}"


def names_in(value: Any) -> Iterator[str]:
    """All keys and texts in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value:
            yield from names_in(one)
            if isinstance(value, Mapping):
                yield from names_in(value[one])


def as_features(value: Any, spec: Spec) -> str:
    """How the columns are read that the model gets."""
    return as_inputs_of_data("inputs", value, spec)


LAST_ROWS = "which draws rows; the last ones, as Keras takes them, are `validation: {last: N}`"


def as_last_rows(value: Any, spec: Spec) -> str:
    """How Keras's `validation_split` is written, which takes the last rows, and not any."""
    return f"write `validation: {value}`, {LAST_ROWS}" if type(value) in (int, float) else ""


def as_class_weight(value: Any, spec: Spec) -> str:
    """Where the weights of classes stand, which the spec's own loss does not have."""
    loss = mapping_in(spec, "train").get("loss")
    lacks = f", and `{loss}` has none" if isinstance(loss, str) else ""
    return f"it is an argument of losses of classes, such as `cross_entropy: {{class_weight: {flow(value)}}}`{lacks}"


def as_several_callbacks(value: Any, spec: Spec) -> str:
    """What to write for each of the callbacks in a value."""
    from modelc.compiler.language.suggestions.callbacks import as_callbacks

    return as_callbacks(value, spec)


def as_balanced(value: Any, spec: Spec) -> str:
    """How rows are drawn so that classes come equally often: by the column of the first target that has classes."""
    readers = mapping_in(mapping_in(spec, "data"), "targets").values()
    given = [reader["category"] for reader in readers if isinstance(reader, Mapping) and "category" in reader]
    columns = [one.get("column") if isinstance(one, Mapping) else one for one in given]
    column = next((name for name in columns if isinstance(name, str)), "COLUMN")
    return f"write `sampling: {{balanced: {column}}}` below `data:`: each value of the column is drawn equally often"


def as_row_weights(value: Any, spec: Spec) -> str:
    """How the column of the sample weights is read."""
    reader = value if isinstance(value, Mapping) else {"array": value}
    return f"write `sample_weight: {spell(reader)}`: a weight for each row"


def as_weighted_metrics(value: Any, spec: Spec) -> str:
    """How metrics that take the sample weights are written, in the list of all metrics."""
    from modelc.compiler.library.metrics import METRICS

    given = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    names = [one if one in METRICS else next(iter(synonyms(one, METRICS)), one) for one in given] or ["accuracy"]
    written = ", ".join(f"{{{name}: , weighted: true}}" for name in names)
    return f"write `metrics: [{written}]`: each takes the weights that `sample_weight` in `data` reads"


RESUME = "`modelc train --resume RUN` goes on with a run that was stopped"
DEVICES = "`modelc train SPEC --devices 4`, or `--devices all`, trains on several devices"
MESH = "`modelc train SPEC --mesh data=4,model=2` says how devices share rows and weights"
PROCESSES = "`modelc train SPEC --coordinator HOST:PORT --processes N --process I` trains in several processes"
SHARD = "`modelc train SPEC --devices all --shard params`, or `optimizer`, shards weights and optimizer state"
AXES = "write `axes: {heads: model, mlp: none}` below `model:`, the axis of the mesh by that of weights"
Advice = str | Callable[[Any, Spec], str]
KEYS: Mapping[str, Advice] = {
    "callbacks": as_several_callbacks,
    "lossweights": as_weights_of_terms,
    "mixup": "write `augment: [mixup: 0.2]` below `data:`",
    "cutmix": "write `augment: [cutmix: 1.0]` below `data:`",
    **dict.fromkeys(("caseweights", "rowweights", "sampleweights", "weight", "weightcolumn"), as_row_weights),
    "weights": lambda value, spec: (as_initial if is_of_elsewhere(value) else as_row_weights)(value, spec),
    **OF_ELSEWHERE,
    "stepsperepoch": "remove it: an epoch is all rows, in batches of `batch_size`; `steps: N` in place of `epochs` says how many "
    "updates there are in all",
    "validationsplit": as_last_rows,
    **dict.fromkeys(
        (
            "evalevery", "evalfreq", "evalfrequency", "evalinterval", "evalsteps", "evalstrategy", "evaluateevery",
            "evaluationstrategy", "stepspercheckpoint", "valcheckinterval",
        ),
        "validation rows are evaluated after each epoch, or after every few: `validate_every: N` counts epochs",
    ),
    **dict.fromkeys(
        (
            "learningrateschedule", "learningratescheduler", "lrschedule", "lrscheduler", "lrschedulertype", "scheduler",
            "schedulertype",
        ),
        as_schedule,
    ),
    **dict.fromkeys(("decayrate", "decaysteps"), as_exponential),
    **dict.fromkeys(("numwarmupsteps", "warmup", "warmupfraction", "warmupratio", "warmupsteps"), as_warmup),
    **dict.fromkeys(("metricforbestmodel", "monitormetric", "validationmetric"), as_best),
    **OF_TRAINERS,
    **dict.fromkeys(("l1", "l2", "penalty", "regularization", "regularizer"), as_penalty),
    **dict.fromkeys(BAD_ROWS, as_bad_rows),
    **dict.fromkeys(TURNED, as_turned),
    **dict.fromkeys(MISSING, as_missing),
    **dict.fromkeys(("droplast", "dropremainder"), WHOLE_BATCHES),
    "classweight": as_class_weight,
    **dict.fromkeys(("csv", "file", "filename", "npz", "path"), as_file),
    **dict.fromkeys(("normalize", "normalise", "normalization", "standardize"), as_normalization),
    **dict.fromkeys(("columns", "featurecolumns", "features"), as_features),
    **dict.fromkeys(
        ("split", "splits", "traintestsplit", "trainvalsplit", "valsize", "validationsize"), as_fraction
    ),
    **FREEZING,
    **OF_LENGTHS,
    **BY_COLUMN,
    **OF_PARTS,
    **dict.fromkeys(
        (
            "balancedbatches", "balancedsampler", "balancedsampling", "balanceclasses", "classbalanced", "classsampler",
            "oversample", "oversampling", "randomoversampler", "resample", "sampler", "smote", "undersample", "undersampling",
            "weightedrandomsampler", "weightedsampler",
        ),
        as_balanced,
    ),
    **{word: as_window(word) for word in sorted(WINDOW_WORDS)},
    **dict.fromkeys(("testfraction", "testratio", "testsize", "testsplit"), as_test_fraction),
    **dict.fromkeys(("trainfraction", "trainratio", "trainsize", "trainsplit"), as_rest),
    **dict.fromkeys(
        (
            "ckptpath", "continuefrom", "restore", "resume", "resumecheckpoint", "resumefrom", "resumefromcheckpoint",
            "resumetraining",
        ),
        f"remove it: {RESUME}",
    ),
    **dict.fromkeys(
        (
            "accelerator", "accelerators", "autoselectgpus", "cuda", "cudavisibledevices", "ddp", "device", "deviceids",
            "devices", "devicespernode", "distribute", "distributed", "distributestrategy", "distribution", "gpu", "gpuids",
            "gpus", "gpuspernode", "multigpu", "ndevices", "ngpu", "ngpus", "nocuda", "numdevices", "numgpus", "numreplicas",
            "numtpus", "strategy", "tpu", "tpucores", "tpus", "usecpu", "usecuda", "usegpu", "worldsize",
        ),
        f"remove it: {DEVICES}; the variable `JAX_PLATFORMS` chooses their kind",
    ),
    **dict.fromkeys(
        (
            "dataparallel", "devicemesh", "mesh", "meshshape", "modelparallel", "tensorparallel", "tensorparallelsize", "tpsize",
        ),
        f"remove it: {MESH}",
    ),
    **dict.fromkeys(
        (
            "coordinator", "coordinatoraddress", "distbackend", "distributedbackend", "hostfile", "hosts", "localrank",
            "localworldsize", "machinerank", "mainprocessip", "mainprocessport", "masteraddr", "masterport", "nnodes", "noderank",
            "nproc", "nprocpernode", "nprocs", "numhosts", "nummachines", "numnodes", "numproc", "numprocesses", "process",
            "processcount", "processes", "processid", "rank", "rdzvbackend", "rdzvendpoint", "rdzvid",
        ),
        f"remove it: {PROCESSES}",
    ),
    **dict.fromkeys(
        ("deepspeed", "fsdp", "fsdpconfig", "shard", "sharding", "shards", "zero", "zerooptimization", "zerostage"),
        f"remove it: {SHARD}",
    ),
    **dict.fromkeys(
        ("syncbatchnorm", "syncbn"), "remove it: statistics are of the whole batch, whatever devices share its rows"
    ),
    **dict.fromkeys(("axisrules", "layoutmap", "logicalaxisrules", "partitionrules", "shardingrules"), AXES),
    **{word: as_update(word) for word in UPDATES},
    **{fold(word): text for word, text in TRUNCATION.items()},
    "weightdecay": as_decay,
    "weightedmetrics": as_weighted_metrics,
}  # fmt: skip
"""Keys of others, without case and separators, that no section has, and what stands for them."""


def key_hint(name: str, value: Any = None, spec: Spec = NO_SPEC) -> str:
    """What stands for a key of a section that does not exist. Empty where nothing is known."""
    advice = KEYS.get(fold(name), "")
    return advice if isinstance(advice, str) else advice(value, spec)


def callback_hint(name: str, value: Any, spec: Spec) -> str:
    """What stands for a callback that is written as a key of a section. Empty where it is none that is known."""
    from modelc.compiler.language.suggestions.callbacks import as_callback

    return as_callback(name, value, spec)


def as_monitor(key: str, value: Any, spec: Spec) -> str:
    """The one value of a list or a mapping, such as `{val_loss: min}` or `{metric: val_loss, mode: min}`, as a log key."""
    names = [*value.values(), *value] if isinstance(value, Mapping) else value if isinstance(value, list) else []
    texts = [
        one
        for one in names
        if isinstance(one, str) and fold(one) not in ("max", "metric", "min", "mode", "monitor", "name")
    ]
    best = "; every value knows which way is better" if isinstance(value, Mapping) else ""
    return f"write `{key}: {log_key(texts[0])}`{best}" if len(texts) == 1 else ""


def log_key(name: str) -> str:
    """The key of the log that Keras calls `val_mae`."""
    from modelc.compiler.library.metrics import METRICS

    part, metric = ("validation", name.removeprefix("val_")) if name.startswith("val_") else ("train", name)
    if "/" in name:
        return name
    right = metric if metric == "loss" or metric in METRICS else next(iter(synonyms(metric, METRICS)), metric)
    return f"{part}/{right}"

"""Helps for values that do not fit their field, where the value shows what was probably meant."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from modelc.compiler.language.suggestions.freezing_words import ARGUMENTS as FREEZING
from modelc.compiler.language.suggestions.freezing_words import BESIDE
from modelc.compiler.language.suggestions.initial_weight_words import ABSENT as PRETRAINED
from modelc.compiler.language.suggestions.initial_weight_words import ARGUMENTS as OF_ELSEWHERE
from modelc.compiler.language.suggestions.optimizer_words import ABSENT as OPTIMIZERS
from modelc.compiler.language.suggestions.schedule_names import ABSENT as SCHEDULES
from modelc.compiler.language.suggestions.spelling import spelled, synonyms
from modelc.compiler.library.base.registry import Registered, fold
from modelc.compiler.library.base.update_words import OF_LAYERS
from modelc.compiler.syntax.scalars import FLOAT, MAX_DIGITS

TRUE = ("yes", "on", "true", "y")
FALSE = ("no", "off", "false", "n")
CHOICES = {
    "pytorch": "torch",
    "boolean": "bool",
    "byte": "uint8",
    "half": "float16",
    "true": "epoch",
    **dict.fromkeys(("add", "plus", "summation"), "sum"),
    **dict.fromkeys(("average", "avg", "mean"), "ave"),
    **dict.fromkeys(("concatenate", "concatenation"), "concat"),
    **dict.fromkeys(("multiply", "product", "prod"), "mul"),
    **dict.fromkeys(("double", "float", "float64"), "float32"),
    **dict.fromkeys(("int", "int64", "integer", "long"), "int32"),
}
"""Types of numbers as others call them, and what is no yes or no here (`stateful`)."""

HALF = (
    "write `mixed_float16`, or `mixed_bfloat16`, which is as narrow, has the range of float32 and needs no loss scale"
)
OTHER_CHOICES = {
    "mixed_bfloat16": {
        **dict.fromkeys(("16", "16mixed", "amp", "float16", "fp16", "half", "mixed"), HALF),
        **dict.fromkeys(("bf16", "bf16mixed", "bfloat16", "mixedbf16"), "did you mean `mixed_bfloat16`?"),
    },
    "macro": {"none": "write `per_class: true`: the log has the value of each class beside their mean"},
    "uint8": dict.fromkeys(
        ("object", "str", "string", "text"),
        "strings become ids when they are read: write `dtype: int32`, and read the column as `category` in `data`, or "
        "as `text` for its words",
    ),
}
"""For one of the choices, what is written among them and is not there, without case and separators, and what to do."""
NO_CODE = "a spec cannot refer to code: build it from the layers that `modelc explain` lists, or write a plug-in"
CHAIN = "several layers in sequence are one item: `layers: [...]`, with a `name` or `repeat` beside it"
TRANSFORMER = (
    "build it as a block of `residual`, `layer_norm`, `self_attention` and `dense`, as in `modelc init transformer`"
)
MODELS = re.compile(
    r"(?:bert|convnext|densenet|efficientnet|googlenet|gpt|inception|mobilenet|resnet|swin|unet|vgg|vit|xception)\w*"
)
WHOLE_MODEL = (
    "models are specs: a block takes one up to a node, `blocks: {Backbone: {use: resnet50.yaml, output: features}}`"
)
ABSENT = {
    **{fold(word): text for word, text in OF_LAYERS.items()},
    **dict.fromkeys(
        ("flaxlayer", "function", "jaxlayer", "lambda", "lambdalayer", "tfsmlayer", "torchmodulewrapper"), NO_CODE
    ),
    **dict.fromkeys(("input", "inputlayer"), "inputs are defined beside the layers: `inputs: {x: {shape: [28, 28]}}`"),
    "shortcut": "the way around stands beside the layers: `residual: {layers: [...], shortcut: [...]}`",
    **{
        f"{word}{kind.removeprefix('simple_')}": f"write `bidirectional: {{{kind}: ...}}`"
        for word in ("bi", "bidirectional")
        for kind in ("gru", "lstm", "simple_rnn")
    },
    "colorjitter": "a sequence of `random_brightness`, `random_contrast`, `random_saturation` and `random_hue`",
    **dict.fromkeys(
        ("se", "seblock", "squeezeandexcite", "squeezeandexcitation", "squeezeexcitation", "squeezeexcite"),
        "build it as a block of `global_avg_pool2d`, two `dense`, `reshape` and `multiply`",
    ),
    **dict.fromkeys(("freeze", "freezelayer", "freezelayers", "frozen"), f"this is no layer: {BESIDE}"),
    **PRETRAINED,
    "layer": "write layers in sequence under `layers: [...]`, a single one under its own name",
    **dict.fromkeys(("body", "chain", "do", "model", "modulelist", "sequence", "sequential", "stack"), CHAIN),
    "output": "the output is the last layer, by its `name`; in a graph, list it in `outputs`",
    **dict.fromkeys(
        ("residualblock", "skip"), "write `residual: [...]` around the layers whose output is added to their input"
    ),
    "reversibleembedding": "use `embedding`, and `unembed: NODE` with its node for the inverse",
    **dict.fromkeys(
        ("gaussiansampling", "reparameterization", "reparameterize", "sample", "sampling", "samplinglayer"),
        "draws are `random_normal`: multiply them by the deviation and add the mean, as `specs/vae.yaml` does",
    ),
    "stringlookup": "strings become ids when they are read, for an input of `dtype: int32`: "
    "`data: {inputs: {city: {category: {column: city, classes: [berlin, paris], unknown: other}}}}`",
    "textvectorization": "texts become ids when they are read, for an input of `shape: [200], dtype: int32`: "
    "`data: {inputs: {review: {text: {column: review, length: 200, vocabulary: 20000}}}}`",
    **dict.fromkeys(
        (f"transformer{part}" for part in ("", "block", "decoder", "decoderlayer", "encoder", "encoderlayer")),
        TRANSFORMER,
    ),
}
"""Layers of others, without case and separators, that are none here, and what stands for them."""


METRICS = {
    **dict.fromkeys(
        ("classificationreport", "confusionmatrix"),
        "a metric is one number: `modelc predict RUN` writes predictions, of which a table can be made",
    ),
    "loss": "remove it: the loss is in the log in any case",
}
"""Metrics of others, without case and separators, that are none here."""
REUSE = (
    "layer", "layerof", "reuse", "samelayer", "sameweights", "shared", "sharedwith", "sharewith", "shareweights", "tiedto", "tieto",
    "use", "weightsof",
)  # fmt: skip
"""Words before the name of a node whose layers are used again, without case and separators."""
KNOWN = "remove it: the input of a layer is known from the layer before"
IN_PLACE = "remove it: the memory of values that nothing needs any more is used again anyway"
PADDINGS = "put a layer that pads before it: `reflection_padding2d`, `edge_padding2d` or `zero_padding2d`"
ARGUMENTS = {
    **FREEZING,
    **OF_ELSEWHERE,
    **OF_LAYERS,
    "activity_regularizer": "add the layer `activity_regularization` after it",
    "data_format": "remove it: channels are always last; use `permute` to move them",
    "inplace": IN_PLACE,
    **dict.fromkeys(("keep_prob", "keep_rate"), "`rate` is the other way round: what is dropped, 1 minus what is kept"),
    "normalized_shape": "remove it for the last axis; of several, their places count: `axis: [-2, -1]`",
    "padding_mode": PADDINGS,
    "seed": "remove it: all random numbers follow from `train.seed` and the path of the layer",
    **dict.fromkeys(
        ("in_channels", "in_features", "input_length", "input_shape", "input_size", "num_channels", "num_features"),
        KNOWN,
    ),
    **dict.fromkeys(("return_state", "return_states"), "remove it: the states are ports, such as `node.state_h`"),
}
"""Arguments of other frameworks that nothing here has, and what stands for them."""


PENALTIES = ("decay", "l2", "l2_penalty", "l2_reg", "l2_regularization", "l2_regularizer", "weight_decay")
"""What others call the penalty of a layer's kernel."""


def argument_hint(name: str, allowed: Collection[str]) -> str:
    """What stands for an argument that does not exist, whatever its name is like; `{value}` in it is the value that was given.
    Empty where nothing is known.
    """
    if f"kernel_{name}" in allowed:
        return f"did you mean `kernel_{name}`?"
    if name in PENALTIES and "kernel_regularizer" in allowed:
        return "a penalty on the kernel is `kernel_regularizer: {l2: {value}}`; `adamw` decays the kernels of all layers alike"
    return "" if spelled(name, allowed) else ARGUMENTS.get(name, "")


def input_hint(cls: type[Registered], name: str) -> str:
    """What to write for an argument that is an input of the layer `cls`. Empty for all else."""
    slots: tuple[Any, ...] = getattr(cls, "slots", ()) if getattr(cls, "plan", None) else ()
    if not any(getattr(slot, "name", "") == name for slot in slots):
        return ""
    required = [slot.name for slot in slots if slot.required and slot.name != name]
    others = "".join(f"{other}: {'{fed}' if required == [other] else '...'}, " for other in required)
    return f"`{name}` is an input, not an argument: in a graph, write `from: {{{others}{name}: {{value}}}}` beside it"


OTHERS: Mapping[str, Mapping[str, str]] = {"metric": METRICS, "optimizer": OPTIMIZERS, "schedule": SCHEDULES}


def absent_hint(kind: str, name: str) -> str:
    """What stands for something that is no `kind` here, whatever its name is like. Empty where nothing is known."""
    from modelc.compiler.library.registries import table_of

    if kind == "loss" and fold(name) in ("rmse", "rootmeansquarederror"):
        return "`mean_squared_error` is least for the same weights; `root_mean_squared_error` is a metric"
    if kind == "layer":
        from modelc.compiler.language.suggestions.repeat_keys import copies_help, head_in

        if head := head_in(name):
            return copies_help(head)
        word = fold(name.rpartition(".")[2])
        return ABSENT.get(word, "") or (WHOLE_MODEL if MODELS.fullmatch(word) else "")
    if kind in OTHERS:
        return OTHERS[kind].get(fold(name.rpartition(".")[2]), "")
    layer = next(iter(synonyms(name, table_of("layer"))), None) if kind == "activation" else None
    return f"`{layer}` is a layer, not an activation: write it as the layer after this one" if layer else ""


BY_A_NUMBER = {
    "add": "rescaling: {{scale: 1, offset: {0:g}}}",
    "divide": "rescaling: 1/{0:g}",
    "maximum": "clip: {{min_value: {0:g}}}",
    "minimum": "clip: {{max_value: {0:g}}}",
    "multiply": "rescaling: {0:g}",
    "subtract": "rescaling: {{scale: 1, offset: -{0:g}}}",
}
"""What does with a number what these layers do with another input."""


def scalar_help(name: str, value: Any) -> str:
    """The layer that does with the number `value` what `name` does with another input. Empty where there is none."""
    if name not in BY_A_NUMBER or isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return ""
    return f"for a single number write `{BY_A_NUMBER[name].format(value)}`; `{name}` joins several inputs"


SEPARATORS = re.compile(r"\s*[x*,;/]\s*|\s+", re.IGNORECASE)
OPEN = ("*", "...", "?", "any", "dynamic", "none", "null", "undefined")
"""Words for a size that is not known."""


def sizes_in(text: str) -> list[int]:
    """The sizes of a shape that is written as one word, `28x28x1`; empty for all others."""
    parts = SEPARATORS.split(text.strip().strip("()"))
    return [int(part) for part in parts] if all(part.isascii() and part.isdigit() for part in parts) else []


def type_hint(kind: str, name: str, value: Any) -> str:
    """What to do about a value of the wrong type that is not one in another spelling; `kind` is pydantic's word for the
    finding. Empty where nothing is known."""
    if kind == "string_type" and name == "column" and isinstance(value, list):
        return "this reader reads one column; `numbers` reads several as one input: `numbers: [age, income]`"
    if (
        kind == "sizes_type"
        and isinstance(value, str)
        and (sizes := re.fullmatch(r"(\d+)\s*[xX*]\s*(\d+)", value.strip()))
    ):
        return f"write `{name}: {sizes[1] if sizes[1] == sizes[2] else f'[{sizes[1]}, {sizes[2]}]'}`"
    if kind == "bool_type" and name == "shuffle" and type(value) is int:
        shown = f"`shuffle: {{blocks: {value}}}`" if value > 0 else "`shuffle: {blocks: 100000}`"
        whole = "write `true`: all rows are shuffled, not a part of them at a time"
        return f"{whole}; or {shown}, by blocks, for rows that do not fit into memory"
    if kind == "dict_type" and name == "class_weight":
        if isinstance(value, list) and value and all(type(one) in (int, float) for one in value):
            return f"write `class_weight: {{{', '.join(f'{label}: {one}' for label, one in enumerate(value))}}}`"
        return "give the weight of each class, for example `class_weight: {0: 1.0, 1: 3.0}`; others have weight 1"
    if kind == "string_type" and name != "name" and isinstance(value, bool | int | float):
        return f'put it in quotes: `{name}: "{str(value).lower() if isinstance(value, bool) else value}"`'
    if kind == "string_type" and name == "name":
        return "give it a word that begins with a letter, or leave `name` out"
    if kind == "int_type" and name == "shape" and str(value).lower() in OPEN:
        return (
            "remove the batch axis: a shape is that of one example; -1 stands for a size that follows from the others"
        )
    if kind == "float_type" and isinstance(value, str) and value.endswith("%") and (number := number_in(value[:-1])):
        return f"write `{float(number) / 100:g}` for {number}%"
    if (
        kind in ("sizes_type", "tuple_type", "list_type")
        and isinstance(value, str)
        and len(several := sizes_in(value)) > 1
    ):
        return f"write `{name}: [{', '.join(map(str, several))}]`"
    if kind in ("sizes_type", "tuple_type", "list_type") and isinstance(value, str) and "," in value:
        values = value.strip().removeprefix("(").removesuffix(")").strip(" ,")
        return f"write `{name}: [{values}]`"
    if kind in ("tuple_type", "list_type") and value is not None and not isinstance(value, Mapping):
        return f"write `{name}: [{str(value).lower() if isinstance(value, bool) else value}]`"
    if kind in ("int_type", "float_type") and isinstance(value, Mapping):
        inside = next((item for key, item in value.items() if spelled(key, (name,)) or len(value) == 1), None)
        return f"write `{name}: {inside}`" if type(inside) in (int, float) else ""
    return ""


def respelled(kind: str, value: Any) -> str:
    """A value of the wrong type as a spec writes what it stands for: `true` for `yes`, `8` for `"8"`. Empty for all
    others.
    """
    if kind == "bool_type" and str(value).lower() in TRUE + FALSE:
        return "true" if str(value).lower() in TRUE else "false"
    if kind == "bool_type" and type(value) is int and value in (0, 1):
        return "true" if value else "false"
    if kind in ("int_type", "int_from_float", "sizes_type") and isinstance(value, float) and value.is_integer():
        return str(int(value))
    return number_in(value) if kind in ("int_type", "float_type", "sizes_type") and isinstance(value, str) else ""


def number_in(text: str) -> str:
    """The number that a text is, as a spec writes it. Empty where it is none."""
    plain = text.replace("_", "").strip()
    number = whole_number(plain)
    return str(number) if number is not None else plain if FLOAT.fullmatch(plain) else ""


def has_leading_zero(value: Any) -> bool:
    """Whether a value is a text of digits that other readers take for another number: `010` is 8 in YAML 1.1."""
    plain = value.replace("_", "").strip() if isinstance(value, str) else ""
    return whole_number(plain) is not None and (not plain.isascii() or plain.lstrip("+-")[:-1].startswith("0"))


def whole_number(text: str) -> int | None:
    """The integer that a string of digits stands for, with or without a sign; None for other and for too long strings."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    return int(text) if digits.isdecimal() and len(digits) <= MAX_DIGITS else None


MIRRORS, REPEATS = ("mirror", "reflect", "reflection"), ("edge", "nearest", "replicate", "replication")
AROUND = ("circular", "periodic", "symmetric", "wrap")
"""Words of others for what is padded with."""


def padding_hint(name: str, value: Any, layer: str) -> str:
    """What to write for a `padding` of a convolution, called `layer`, that is a layer before it here. Empty for all else."""
    transposed = layer.endswith("_transpose")
    dimensions = layer.removesuffix("_transpose")[-2:]
    if name != "padding" or dimensions not in ("1d", "2d", "3d") or isinstance(value, bool) or "pool" in layer:
        return ""
    word = str(value).lower()
    if word in MIRRORS + REPEATS:
        kind = "reflection" if word in MIRRORS else "edge"
        return f"put the layer `{kind}_padding{dimensions}` before it, and write `padding: valid`"
    if word in AROUND:
        return f"no layer pads so: `reflection_padding{dimensions}` and `edge_padding{dimensions}` before it pad in other ways"
    if value == 0:
        return "write `padding: valid`"
    sizes = value if isinstance(value, list) else [value]
    if not all(type(one) is int for one in sizes):
        return ""
    if transposed:
        return f"put the layer `cropping{dimensions}: {value}` behind it: padding of a transposed convolution cuts off so much"
    layer = f"zero_padding{dimensions}: {value}"
    return f"put the layer `{layer}` before it; `padding: same` is for an output as large as the input"


LEAST_PERCENT = 5
"""A number above 1 that is smaller is no percentage: nobody means 1.5% by it."""


FROM_THE_END = "axes count from the end: -1 is the last one"


def bound_hint(kind: str, name: str, bound: Any, value: Any) -> str:
    """What to do about a number out of its bounds. Empty where none is at hand."""
    if name == "axis" and kind == "less_than_equal":
        return FROM_THE_END
    if name == "shape" and value == -1:
        return "remove the batch axis: a shape is that of one example"
    if kind in ("less_than", "less_than_equal") and bound == 1 and isinstance(value, int | float) and 1 < value < 100:
        if value < LEAST_PERCENT:
            return (
                f"this is a fraction {'below 1' if kind == 'less_than' else 'of at most 1'}, such as `{value / 10:g}`"
            )
        return f"this is a fraction: write `{value / 100:g}` for {value:g}%"
    return ""


def looks_like_a_number(text: str) -> bool:
    """Whether `text` could be taken for a number, so that a message has to show its quotes."""
    return bool(number_in(text)) and text[:1] in "+-.0123456789"

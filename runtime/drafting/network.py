"""The inputs, layers and training settings that a drafted spec has, by what its columns are and how many rows there are."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from modelc.compiler.library.base.registry import NAME
from modelc.runtime.drafting.columns import FEW_NAMES, Use
from modelc.runtime.drafting.spec_text import comment, list_lines, mapping_lines, named, some, text
from modelc.runtime.drafting.target import Target

INSIDE = "    "
GAP = "(missing)"
"""The name of missing values: `unknown` would be that of all values which the training rows do not have."""
HELD_OUT = 0.2
ROWS_OF_VALUE = 5
"""Hidden layers are for data with so many rows for each value of a row."""
NO_NAMES = ("true", "false", "null")
"""Words that YAML takes for other values than names."""


class Input(NamedTuple):
    """One input of the model: its type, the lines of its reader with comments, the nodes between it and the hidden layers, as lines,
    and the names of what these take of it; `linear` are those that only the output takes.
    """

    name: str
    type: dict[str, Any]
    reader: list[str]
    nodes: list[str]
    flat: str
    linear: str = ""


class Names:
    """Gives names that no other input or node has."""

    def __init__(self, taken: Sequence[str]) -> None:
        self.taken = {*taken}

    def free(self, wanted: str) -> str:
        """`wanted` as the name of an input or node, with a number behind it where it is taken."""
        name = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "_-") else "_" for sign in wanted).strip(
            "_"
        )
        name = name if NAME.fullmatch(name) and name.lower() not in NO_NAMES else f"column_{name}".rstrip("_")
        place, found = 1, name[:60]
        while found in self.taken:
            place += 1
            found = f"{name[:60]}_{place}"
        self.taken.add(found)
        return found


def inputs_of(uses: Sequence[Use], names: Names) -> list[Input]:
    """The inputs for the columns that are not left out."""
    by_role = {role: [use for use in uses if use.role == role] for role in ("numbers", "categories", "names")}
    found = []
    if by_role["numbers"]:
        found.append(of_numbers(by_role["numbers"], names.free("numbers")))
    if by_role["categories"]:
        found.append(of_categories(by_role["categories"], names.free("categories")))
    if by_role["names"]:
        found.append(of_names(by_role["names"], names))
    for use in uses:
        if use.role == "date":
            found += of_date(use, names)
        elif use.role == "text":
            found.append(of_text(use, names))
    return found


def of_numbers(uses: Sequence[Use], name: str) -> Input:
    width, missing = sum(use.width for use in uses), [use for use in uses if use.missing]
    said = "Numbers, by the mean and deviation of the training rows. "
    if missing:
        shown = some([f"`{use.name}` ({use.missing:,} rows)" for use in missing])
        said += f"Missing in {shown}: the median stands for them, and one more value of each column says where. "
    said += "A column of codes is better read with `category_columns`."
    lines = [*comment(said, INSIDE), f"{INSIDE}{name}:", f"{INSIDE}  numbers:"]
    lines += list_lines("columns", [use.name for use in uses], f"{INSIDE}    ")
    lines += [f"{INSIDE}    missing: median", f"{INSIDE}    indicate: true"] if missing else []
    lines.append(f"{INSIDE}    standardize: true")
    return Input(name, {"shape": [2 * width if missing else width]}, lines, [], name)


def of_categories(uses: Sequence[Use], name: str) -> Input:
    said = (
        f"Texts with up to {FEW_NAMES} different values, as vectors of 0 and 1. The number beside a column is that of its values and "
        "one more, for those that the training rows do not have. "
    ) + of_names_and_gaps(uses)
    lines = [*comment(said, INSIDE), f"{INSIDE}{name}:", f"{INSIDE}  category_columns:"]
    lines += mapping_lines("columns", {use.name: use.size for use in uses}, f"{INSIDE}    ")
    lines.append(f"{INSIDE}    one_hot: true")
    lines += [f"{INSIDE}    missing: {GAP}"] if any(use.missing for use in uses) else []
    return Input(name, {"shape": [sum(use.size for use in uses)]}, lines, [], name)


def of_names(uses: Sequence[Use], names: Names) -> Input:
    name, node = names.free("names"), names.free("embedded")
    said = (
        f"Texts with more than {FEW_NAMES} different values, as ids of one table. The number beside a column is that of its most "
        "frequent values, and one for all others. "
    ) + of_names_and_gaps(uses)
    lines = [*comment(said, INSIDE), f"{INSIDE}{name}:", f"{INSIDE}  category_columns:"]
    lines += mapping_lines("columns", {use.name: use.size for use in uses}, f"{INSIDE}    ")
    lines += [f"{INSIDE}    missing: {GAP}"] if any(use.missing for use in uses) else []
    table = f'embedding: {{input_dim: "${{vocabulary({name})}}", output_dim: 8}}'
    nodes = [f"{INSIDE}{node}: {{from: {name}, layers: [{table}, flatten]}}"]
    return Input(name, {"shape": [len(uses)], "dtype": "int32"}, lines, nodes, node)


def of_names_and_gaps(uses: Sequence[Use]) -> str:
    missing = [use.name for use in uses if use.missing]
    zeros = [use.name for use in uses if use.reason]
    said = f"{some(named(zeros))} {'has' if len(zeros) == 1 else 'have'} digits with a zero in front: names, and no numbers. "
    return (said if zeros else "") + (
        f"Missing values, in {some(named(missing))}, are a value of their own." if missing else ""
    )


def of_date(use: Use, names: Names) -> list[Input]:
    """The parts of a date that come again as sine and cosine, and its year as a number."""
    format = {} if use.format is None else {"format": use.format}
    found = []
    again = [part for part in use.parts if part != "year"]
    said = comment(f"`{use.name}`: {use.reason}.", INSIDE)
    if again:
        name = names.free(use.name)
        reader = {"date": {"column": use.name, "parts": again, "cyclic": True, **format}}
        found.append(Input(name, {"shape": [2 * len(again)]}, [*said, f"{INSIDE}{name}: {text(reader)}"], [], name))
    if "year" in use.parts:
        name = names.free(f"{use.name}_year")
        node = names.free(f"{name}_scaled")
        reader = {"date": {"column": use.name, "parts": ["year", "day_of_year"], **format}}
        about = comment("The year, and the day in it: what changes over the years.", INSIDE) if again else said
        nodes = [f"{INSIDE}{node}: {{from: {name}, normalization}}"]
        found.append(Input(name, {"shape": [2]}, [*about, f"{INSIDE}{name}: {text(reader)}"], nodes, node))
    return found


def of_text(use: Use, names: Names, kind: str = "text", wanted: str = "") -> Input:
    """A text as the mean of embedded words, and, for the output alone, which words are there; read by the reader `kind`, as an
    input that is called as `wanted`, else as its column.
    """
    name = names.free(wanted or use.name)
    mean, there = names.free(f"{name}_mean"), names.free(f"{name}_words")
    reader: dict[str, Any] = {"column": use.name, "length": use.length, "vocabulary": use.size}
    said = f"`{use.name}`: {use.reason}. Nearly all end before `length`; words that are there once count as unknown. "
    if use.missing:
        reader["missing"] = "empty"
        said += f"A missing text, in {use.missing:,} rows, is one without words."
    size = f'"${{vocabulary({name})}}"'
    layers = f"[embedding: {{input_dim: {size}, output_dim: 32, mask_zero: true}}, global_avg_pool1d]"
    nodes = [
        f"{INSIDE}{mean}: {{from: {name}, layers: {layers}}}",
        *comment("Which words are there, for the output alone.", INSIDE),
        f"{INSIDE}{there}: {{from: {name}, category_encoding: {{num_tokens: {size}, output_mode: multi_hot}}}}",
    ]
    lines = [*comment(said, INSIDE), f"{INSIDE}{name}: {text({kind: reader})}"]
    return Input(name, {"shape": [use.length], "dtype": "int32"}, lines, nodes, mean, there)


class Sizes(NamedTuple):
    """What the number of rows says of a network and its training."""

    rows: int
    units: int
    batch: int
    epochs: int
    patience: int
    is_linear: bool = False


def sizes_for(rows: int, width: int = 0) -> Sizes:
    """Small data is learnt in many epochs, in which little is computed, and much data in a few; with a `width` of a row that is
    large beside the number of rows, by a linear model.
    """
    if width * ROWS_OF_VALUE > rows:
        return Sizes(rows, 0, 16 if rows < 1_000 else 32, 300, 100, is_linear=True)
    if rows < 1_000:
        return Sizes(rows, 32, 16, 300, 40)
    if rows < 10_000:
        return Sizes(rows, 64, 32, 100, 15)
    if rows < 100_000:
        return Sizes(rows, 128, 64, 50, 8)
    return Sizes(rows, 128, 256, 20, 4)


def written(value: Any) -> str:
    """An argument as YAML; a fraction is an expression, and needs no quotes."""
    return f"{{l2: {value['l2']}}}" if isinstance(value, dict) else text(value)


def width_of(inputs: Sequence[Input]) -> int:
    """How many numbers a row has."""
    return sum(one.type["shape"][0] for one in inputs if "dtype" not in one.type)


def node_lines(inputs: Sequence[Input], target: Target, output: str, names: Names, sizes: Sizes) -> list[str]:
    """The nodes: inputs side by side, hidden layers where there are rows enough for them, and the output beside both."""
    lines = [line for one in inputs for line in one.nodes]
    flat = [one.flat for one in inputs]
    row = flat[0]
    if len(flat) > 1:
        row = names.free("row")
        lines.append(f"{INSIDE}{row}: {{from: {text(flat)}, concatenate}}")
    sources = [row, *(one.linear for one in inputs if one.linear)]
    end: dict[str, Any] = {"units": max(target.number_of_classes, 1)}
    if sizes.is_linear:
        rows = round((1 - HELD_OUT) * sizes.rows)
        # scikit-learn's: of two classes it has one function, the difference of two that each are penalized here.
        end["kernel_regularizer"] = {"l2": f"1/{2 * rows if target.number_of_classes > 2 else rows}"}
        model = "ridge" if target.classes is None else "logistic"
        said = (
            f"{width_of(inputs):,} values for {sizes.rows:,} rows: hidden layers would learn these by heart. With this penalty it is "
            f"{model} regression."
        )
    else:
        hidden = names.free("hidden")
        dense = f"dense: {{units: {sizes.units}, activation: relu}}"
        lines.append(f"{INSIDE}{hidden}: {{from: {row}, layers: [{dense}, dropout: 0.1, {dense}]}}")
        sources.insert(1, hidden)
        said = "What is linear in the inputs reaches the output beside the hidden layers."
    # From zeros on, what nothing is learnt of stays out of the output.
    end["kernel_initializer"] = "zeros"
    if target.classes is not None:
        end["activation"] = "softmax"
    last = f"dense: {{{', '.join(f'{key}: {written(value)}' for key, value in end.items())}}}"
    lines += comment(said, INSIDE)
    if len(sources) == 1:
        return [*lines, f"{INSIDE}{output}: {{from: {row}, {last}}}"]
    return [*lines, f"{INSIDE}{output}: {{from: {text(sources)}, layers: [concatenate, {last}]}}"]

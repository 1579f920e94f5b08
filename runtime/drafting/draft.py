"""The text of a spec for the data that there is: every column with its reader, or left out, and why."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.registry import NAME
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.drafting.columns import Use, use_of
from modelc.runtime.drafting.folder_draft import draft_folder
from modelc.runtime.drafting.folders import is_folder
from modelc.runtime.drafting.network import HELD_OUT, Input, Names, Sizes, inputs_of, node_lines, sizes_for, width_of
from modelc.runtime.drafting.spec_text import comment, list_lines, named, some, text
from modelc.runtime.drafting.tables import Table, mistake_in, read_table
from modelc.runtime.drafting.target import Target, target_of

LEAST_ROWS = 10


def draft(root: Root, path: str, target: str | None) -> str:
    """The text of a spec for what is at `path` below `root`: one that predicts the column `target` of a table from the others, or
    one that tells the folders of images or texts apart.

    Raises RunError E401 to E405 for data that no spec can be made of, and a target that cannot be one.
    """
    if is_folder(root, path):
        head, model, data, found, sizes = draft_folder(root, path, target)
    else:
        assert target is not None
        head, model, data, found, sizes = draft_table(root, path, target)
    lines = [*head_lines(head, path), *model, "", "data:", *data, *split_lines(found), *training_lines(found, sizes)]
    return "\n".join(lines) + "\n"


def draft_table(root: Root, path: str, target: str) -> tuple[list[str], list[str], list[str], Target, Sizes]:
    """The comment at the head, and the lines of model and data, of a spec that predicts the column `target` from the others of the
    table at `path`; with the target, and sizes for its rows. Raises RunError E401 to E405.
    """
    found, table = target_of(root, read_table(root, path), target)
    if table.rows < LEAST_ROWS:
        message = f"`{path}` has {counted(table.rows, 'row')}: too few to train on some and validate on others"
        raise RunError("E404", message, helps=(f"add rows, to have at least {LEAST_ROWS}",))
    uses = [use_of(name, column) for name, column in table.columns.items() if name != target]
    names = Names(())
    output = names.free(target)
    inputs = inputs_of(uses, names)
    if not inputs:
        reasons = tuple(f"`{use.name}`: {use.reason}" for use in uses[:5])
        message = f"`{path}` has no column to predict `{target}` from"
        helps = ("add columns, or write a spec by hand: `modelc init table`",)
        raise RunError("E404", message, notes=reasons, helps=helps)
    sizes = sizes_for(table.rows, width_of(inputs))
    said = (
        f"Predicts `{target}` from the other columns of {path}: {table.rows:,} rows, {counted(len(table.columns), 'column')}. "
        "What each column is was decided by all of its rows, and is said where it is read: change what is meant otherwise."
    )
    model = model_lines(inputs, found, output, names, sizes)
    mistakes = {use.name: what for use in uses if (what := mistake_in(root, table, use.name))}
    return comment(said), model, data_lines(table, uses, inputs, found, output, mistakes), found, sizes


def head_lines(head: Sequence[str], path: str) -> list[str]:
    stem = PurePath(path).stem
    return [
        "# yaml-language-server: $schema=modelc.schema.json",
        *head,
        "modelc: 1",
        f"name: {text(stem) if NAME.fullmatch(stem) and len(stem) <= 100 else 'table'}",
        "",
        "model:",
    ]


def model_lines(inputs: Sequence[Input], target: Target, output: str, names: Names, sizes: Sizes) -> list[str]:
    return [
        "  inputs:",
        *(f"    {one.name}: {text(one.type)}" for one in inputs),
        "  nodes:",
        *node_lines(inputs, target, output, names, sizes),
        f"  outputs: [{output}]",
    ]


def data_lines(
    table: Table, uses: Sequence[Use], inputs: Sequence[Input], target: Target, output: str, mistakes: Mapping[str, str]
) -> list[str]:
    lines = ["  source:", f"    {table.kind}:"]
    for key, value in table.arguments.items():
        lines += comment(table.reasons[key], "      ") if key in table.reasons else []
        lines.append(f"      {key}: {text(value)}")
    lines += mistake_lines(mistakes)
    lines += left_out_lines(uses)
    lines += ["  inputs:", *(line for one in inputs for line in one.reader)]
    return [*lines, "  targets:", *comment(f"`{target.name}`: {target.reason}.", "    "), *target_lines(target, output)]


def split_lines(target: Target) -> list[str]:
    """Which rows are held out."""
    if target.classes is None:
        said = "A fifth of the rows, drawn by the seed. For what is to be predicted later: `{after: {column: ..., value: ...}}`."
        split = text(HELD_OUT)
    else:
        said = "A fifth of the rows of each class, drawn by the seed."
        split = text({"fraction": HELD_OUT, "stratify": target.name})
    said += " Rows of one person or place belong together: `group_by: COLUMN`. "
    said += "`test: 0.1` holds out others, which are looked at once, at the end."
    return [*comment(said, "  "), f"  validation: {split}"]


def mistake_lines(mistakes: Mapping[str, str]) -> list[str]:
    """The columns that are read as texts for a few values that are no numbers, and what to do about these."""
    if not mistakes:
        return []
    said = "These columns are read as texts for a few values that are no numbers. Correct them and write the spec again; or leave their rows"
    types = ", ".join(f"{text(name)}: number" for name in mistakes)
    lines = comment(
        f"{said} out by `types: {{{types}}}` in `csv` and `on_bad_row: skip` below `data`, and read them with `numbers`.",
        "  ",
    )
    return [*lines, *(line for name, what in mistakes.items() for line in comment(f"- `{name}`: {what}", "  "))]


def left_out_lines(uses: Sequence[Use]) -> list[str]:
    """The columns that no input reads, by the reason."""
    reasons = dict.fromkeys(use.reason for use in uses if use.role == "left out")
    if not reasons:
        return []
    lines = comment("Left out:", "  ")
    for reason in reasons:
        columns = [use.name for use in uses if use.role == "left out" and use.reason == reason]
        lines += comment(f"- {some(named(columns))}: {reason}", "  ")
    return lines


def target_lines(target: Target, output: str) -> list[str]:
    if target.classes is None:
        reader = {"number": {"column": target.name, "standardize": True}}
        return [f"    {output}: {text(reader)}"]
    if isinstance(target.classes, int):
        key = "vocabulary" if target.learnt else "classes"
        return [f"    {output}: {text({'category': {'column': target.name, key: target.classes}})}"]
    lines = [f"    {output}:", "      category:", f"        column: {text(target.name)}"]
    return [*lines, *list_lines("classes", target.classes, "        ")]


def training_lines(target: Target, sizes: Sizes) -> list[str]:
    if target.classes is None:
        loss, metrics, monitor = "mean_squared_error", ["mean_absolute_error", "r2"], ""
        said = "The loss is of standardized numbers, metrics and predictions are in the unit of the column."
    else:
        loss, metrics = "cross_entropy", ["accuracy"]
        said = "Accuracy is the fraction of rows whose most probable class is right."
        monitor = "" if target.unbalanced else "validation/accuracy"
    if target.unbalanced:
        metrics.append("auc")
        said += (
            " One class is rare, so that `accuracy` is high for whoever never says it: `auc` is 0.5 then. To find more of it, at the "
            "price of false alarms: `loss: {cross_entropy: {class_weight: balanced}}`."
        )
    return [
        "",
        "train:",
        *comment(said, "  "),
        f"  loss: {loss}",
        f"  metrics: {text(metrics)}",
        "  optimizer: {adamw: {learning_rate: 0.003, weight_decay: 0.01}}",
        f"  batch_size: {sizes.batch}",
        *comment("Training stops once so many epochs have brought nothing better; the best weights are kept.", "  "),
        *([f"  monitor: {monitor}"] if monitor else []),
        f"  early_stopping: {sizes.patience}",
        f"  epochs: {sizes.epochs}",
    ]

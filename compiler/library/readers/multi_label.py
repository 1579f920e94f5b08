"""The reader of sets of labels: several, one or none in each row."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt, Reader
from modelc.compiler.library.readers.casts import plan_arrays
from modelc.compiler.library.readers.checks import missing_values
from modelc.compiler.library.readers.class_arguments import read_classes
from modelc.compiler.library.readers.faults import first_faults, missing_in, strange_in
from modelc.compiler.library.readers.json_labels import JsonLabels, labels_in_json, read_written
from modelc.compiler.library.readers.names import names_in, shortened, unknown_names

ITEM = r"""\s*("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')\s*"""
"""A text in quotes, as JSON or Python writes it."""
LIST = re.compile(rf"\[(?:\s*|{ITEM}(?:,{ITEM})*)\]", re.DOTALL)
BEGUN = re.compile(r"""\s*\[+\s*["']""")
BROKEN = "begins as a list that does not end as one"
NO_JSON = "has no JSON with labels in that place"
WRITTEN = "`['news', 'sport']`, with a comma between two labels and a bracket at the end"
PLACES = "`in_json` says where they are: `values`, `keys`, or `{field: name}`"
OTHER_SEPARATORS = (";", ",", "|", "/", " ")
"""What stands between labels, the most usual first."""


class MultiLabelReader(Reader):
    """A column of texts with several labels each, as vectors `[classes]` in float32: 1 for each label that is there, else 0.

    Between the labels stands the `separator`; spaces around them do not count, and a text without any is a row without labels.
    Lists as programs write them, `['news', 'sport']` or `["news", "sport"]`, are read with `separator: ","`. Of JSON, `in_json: values` takes
    the values of an object such as `{"a1": "news"}`, `in_json: keys` its keys, and `in_json: {field: name}` those of `[{"id": 7, "name": "news"}]`.
    The order of a row does not matter, nor whether a label is there twice. A label that is none of the `classes` is an error, or
    left out with `unknown: ignore`. As a target it is for an output of as many units with `sigmoid` and the loss
    `binary_cross_entropy`; predictions have the names.
    """

    primary = "column"
    spellings = ("multi_hot", "multilabel", "multi_labels", "label_set", "tags")
    example = 'multi_label: {column: tags, classes: [news, sport, weather], separator: ","}'
    takes_missing = True
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("sep", "delimiter", "delim", "split", "split_on"), 'write `separator: "{value}"`'),
        **dict.fromkeys(
            ("categories", "labels", "names", "tags", "class_names", "vocabulary", "vocab"),
            "it is `classes` here: a list of names, or `{file: names.txt}` for a text file with one on each line",
        ),
        **dict.fromkeys(("field", "key", "json_field", "json"), "write `in_json: {field: name}`, `values` or `keys`"),
        **dict.fromkeys(("handle_unknown", "ignore_unknown"), "write `unknown: ignore`"),
        **dict.fromkeys(
            ("fillna", "fill_value", "missing_values", "na"), "write `missing: none` where these rows have no labels"
        ),
        **dict.fromkeys(("num_classes", "n_classes", "num_labels"), "name the labels: `classes: [news, sport]`"),
    }

    column: Annotated[str, Field(min_length=1, description="Name of the column.")]
    classes: Annotated[
        int | tuple[str, ...] | dict[Literal["file", "run"], str],
        BeforeValidator(read_classes),
        Field(description="Names of the labels in order: a list, or a text file with one on each line."),
    ]
    separator: Annotated[str, Field(min_length=1, description="What stands between the labels of a row.")] = ";"
    in_json: JsonLabels = None
    unknown: Annotated[
        Literal["error", "ignore"], Field(description="What becomes of labels that are not in `classes`.")
    ] = "error"
    missing: Annotated[
        Literal["error", "none"], Field(description="With `none`, a row whose value is missing has no labels.")
    ] = "error"

    @property
    def subject(self) -> str:
        return self.column

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the labels; empty where the spec says none."""
        return self.classes if isinstance(self.classes, tuple) else ()

    @property
    def row_shape(self) -> tuple[int, ...] | None:
        return (len(self.names),) if self.names else None

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        message = f"`multi_label` returns floats, but the input takes {wanted and wanted.dtype}"
        need(wanted is None or wanted.is_float, message, help="give the input `dtype: float32`", code="E402")
        message = f"`multi_label` has to know the names of the labels, and `classes` is {self.classes!r}"
        help = "list them: `classes: [news, sport]`, or `classes: {file: names.txt}`; `array` reads a column of 0 and 1"
        need(bool(self.names), message, help=help, argument="classes", code="E403")
        blank = next((name for name in self.names if name != name.strip()), None)
        message = f"the label {blank!r} has spaces around it, which no label of a row has"
        need(blank is None, message, help="remove them", argument="classes", code="E403")
        message = "labels in JSON have no separator between them"
        need(
            self.in_json is None or "separator" not in self.model_fields_set,
            message,
            help="remove it",
            argument="separator",
            code="E403",
        )
        apart = next((name for name in self.names if self.separator in name and self.in_json is None), None)
        message = f"the label {apart!r} has the separator {self.separator!r} in it"
        other = next((one for one in OTHER_SEPARATORS if not any(one in name for name in self.names)), "||")
        help = f'write the `separator` that the column has between its labels, such as `separator: "{other}"`'
        need(apart is None, message, help=help, argument="separator", code="E403")
        type_ = None if columns is None else columns[self.column].type
        if type_ is not None:
            text = type_.dtype in ("str", "bytes") or type_.is_integer
            message = f"`{self.column}` has {type_.dtype}, expected texts with labels"
            help = "`array` reads a column of 0 and 1 [rows, labels]"
            need(text, message, help=help, code="E402")
            message = f"one row of `{self.column}` has {type_.rank} axes, expected one string"
            need(type_.rank == 0, message, help=help, code="E402")
        return TensorType((len(self.names),), "float32" if wanted is None else wanted.dtype)

    def class_names(self, columns: Mapping[str, Column] | None) -> tuple[str, ...] | int | None:
        # A number is refused, which is one mistake: the sizes that follow from it are none.
        return self.names or (self.classes if isinstance(self.classes, int) else None)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        planned = plan_arrays(self, columns, wanted)
        column = columns[self.column]
        gone = np.ma.getmaskarray(column)
        if gone.any() and self.missing == "error":
            raise missing_values(self.column, gone, 0, "say that these rows have no labels: `missing: none`")
        texts, inverse = names_in(np.ma.getdata(column))
        rows = np.zeros((len(texts) + 1, len(self.names)), planned.dtype)
        places = {name: place for place, name in enumerate(self.names)}
        unknown: dict[str, int] = {}
        for number, labels in enumerate(map(self.labels_in, texts)):
            for label in labels:
                if label in places:
                    rows[number, places[label]] = 1
                else:
                    unknown.setdefault(label, number)
        inverse = np.where(gone, len(texts), inverse)
        broken = np.isin(inverse, [number for number, text in enumerate(texts) if self.is_broken(text)])
        if broken.any():
            row = int(np.flatnonzero(broken)[0])
            message = f"`{self.column}` in row {row} {self.broken}: {shortened(texts[inverse[row]])!r}"
            help = f"write lists as {WRITTEN}" if self.in_json is None else f"labels are names or integers; {PLACES}"
            raise RunError("E403", message, helps=(help,), row=row)
        # What stands below the mask of a missing value is no label.
        strange = {label: number for label, number in unknown.items() if (inverse == number).any()}
        if strange and self.unknown == "error":
            row = int(np.flatnonzero(np.isin(inverse, [*strange.values()]))[0])
            helps = (*self.separated_otherwise(strange), "add them to `classes`, or leave them out: `unknown: ignore`")
            raise unknown_names([*strange], row, self.column, f"its {len(self.names)} `classes`", helps)
        return rows[inverse]

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        column = columns[self.column]
        missing = missing_in(self.column, column) if self.missing == "error" else {}
        texts, inverse = names_in(np.ma.getdata(column))
        broken = np.isin(inverse, [number for number, text in enumerate(texts) if self.is_broken(text)])
        gone = np.ma.getmaskarray(column)
        missing = first_faults((missing, strange_in(self.column, column, broken & ~gone, self.broken)))
        if self.unknown == "ignore":
            return missing
        wrong = [
            number
            for number, text in enumerate(texts)
            if any(label not in self.names for label in self.labels_in(text))
        ]
        bad = np.isin(inverse, wrong) & ~np.ma.getmaskarray(column)
        reason = f"has a label that is none of the {len(self.names)} `classes`"
        return first_faults((missing, strange_in(self.column, column, bad, reason)))

    @property
    def has_lists(self) -> bool:
        """Whether lists as programs write them are read as such."""
        return self.in_json is None and self.separator == "," and not any(name.startswith("[") for name in self.names)

    @property
    def broken(self) -> str:
        """What is said of a text that is broken."""
        return BROKEN if self.in_json is None else NO_JSON

    def is_broken(self, text: str) -> bool:
        """Whether a text begins as a list and is none: what is cut off, or divided otherwise, would be labels that nobody has. Of
        JSON, whether it has no labels in the place where they are.
        """
        if self.in_json is not None:
            return labels_in_json(text, self.in_json) is None
        return self.has_lists and bool(BEGUN.match(text)) and not LIST.fullmatch(text.strip())

    def labels_in(self, text: str) -> list[str]:
        """The labels of one row."""
        if self.in_json is not None:
            return labels_in_json(text, self.in_json) or []
        text = text.strip()
        if self.has_lists and LIST.fullmatch(text):
            parts = [unquoted(found[1]) for found in re.finditer(ITEM, text[1:-1], re.DOTALL)]
        else:
            parts = text.split(self.separator)
        return [label for part in parts if (label := part.strip())]

    def separated_otherwise(self, labels: Mapping[str, int]) -> tuple[str, ...]:
        """What to write where another separator makes labels that are known of `labels` that are none."""
        for separator in OTHER_SEPARATORS if self.in_json is None else ():
            other = self.model_copy(update={"separator": separator})
            parts = [part for label in labels for part in other.labels_in(label)]
            if separator != self.separator and parts and all(part in self.names for part in parts):
                return (f'the labels are separated otherwise: `separator: "{separator}"`',)
        return ()


def unquoted(item: str) -> str:
    """A text without its quotes and escapes."""
    found = read_written(item)
    return item[1:-1] if found is None else str(found)

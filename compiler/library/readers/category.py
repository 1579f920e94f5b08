"""The reader of labels: integers, or names that become integers."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted, listed
from modelc.compiler.library.base.fields import Shape
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt, Reader
from modelc.compiler.library.readers.casts import plan_arrays, to_integers
from modelc.compiler.library.readers.checks import ENDLESS, Rows, check_labels, need_rows, shape_of_row, take_rows


def read_classes(value: Any) -> Any:
    """A count of classes, or their names as a tuple. Raises for anything else; a tuple was checked where it was read."""
    if isinstance(value, tuple):
        return value
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 2 <= value < 2**31):
        return value
    if not isinstance(value, list):
        message = "expected a count of at least 2, a list of names, or a file of names"
        raise PydanticCustomError("classes", message, {"help": help_for_classes(value), "label": "no classes"})
    if not all(isinstance(name, str) and name for name in value):
        message = "class names are strings: put quotes around numbers, `true` and `false`"
        raise PydanticCustomError("classes", message, {"label": "not only strings"})
    if len(set(value)) < len(value):
        again = Counter(value).most_common(1)[0][0]
        raise PydanticCustomError(
            "classes", "the class `{again}` is named twice", {"again": again, "label": "a name twice"}
        )
    if len(value) < 2:
        help = help_for_classes(value[0]) if value and value[0].endswith(".txt") else FOR_EXAMPLE
        raise PydanticCustomError("classes", "expected at least two class names", {"label": "too few", "help": help})
    return tuple(value)


FOR_EXAMPLE = (
    "for example `classes: 10`, `classes: [cat, dog]`, or `classes: {file: names.txt}` with one name on each line"
)


def help_for_classes(value: Any) -> str:
    """What to write for a value that is neither a count nor names."""
    if isinstance(value, str):
        path = value.removeprefix("file:").strip()
        return f"for names in a text file, one on each line: `classes: {{file: {path}}}`"
    if isinstance(value, Mapping) and len(value) == 1:
        (inside,) = value.values()
        if isinstance(inside, str) and ("." in inside or "/" in inside):
            return help_for_classes(inside)
        if isinstance(inside, list) and inside and all(isinstance(name, str) for name in inside):
            return f"write the list itself: `classes: [{listed(inside)}]`"
    if isinstance(value, Mapping) and len(value) > 1:
        numbered = all(type(item) is int for item in value.values())
        names = sorted(value, key=value.__getitem__) if numbered else value.values()
        if all(isinstance(name, str) for name in names):
            return f"list them in the order of their labels: `classes: [{listed([*names])}]`"
    return FOR_EXAMPLE


class CategoryReader(Reader):
    """A column of labels as integers from 0 to the number of classes, exclusive.

    Integers are taken as they are, with the names of their classes where the source knows these. Text (numpy `str`, or
    UTF-8 `bytes`) is looked up in the list `classes`, in whose order the classes count. Where there are many, `classes: {file: names.txt}` reads them from a text file. A text that
    is not there is an error, unless `unknown` names one more class, the last, for all of those: so an input of text,
    `[rows]` or tokens `[rows, time]`, becomes ids for `embedding` or `category_encoding`.
    """

    primary = "column"
    spellings = ("label", "labels", "class", "categorical", "categories", "class_label")
    example = "category: {column: label, classes: [cat, dog]}"
    gives_labels = True
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("categories", "class_list", "class_names", "labels", "levels", "names", "vocab", "vocabulary", "words"),
            "it is `classes` here: a list of names, or `{file: names.txt}` for a text file with one on each line",
        ),
        **dict.fromkeys(
            ("class_file", "classes_file", "file", "names_file", "vocab_file", "vocabulary_file"),
            "write `classes: {file: {value}}`, a text file with one name on each line",
        ),
        **dict.fromkeys(("default", "oov_token", "other", "unk_token"), "write `unknown: {value}`"),
    }

    column: Annotated[str, Field(min_length=1, description="Name of the column.")]
    classes: Annotated[
        int | tuple[str, ...] | dict[Literal["file"], str] | None,
        BeforeValidator(read_classes),
        Field(description="Number of classes, or their names in order: a list, or a text file with one on each line."),
    ] = None
    unknown: Annotated[
        str | None,
        Field(min_length=1, description="Name of an additional, last class for strings that are not in `classes`."),
    ] = None
    shape: Annotated[
        Shape | None,
        Field(description="New shape of one row, with the same number of values: `[]` for labels of shape `[1]`."),
    ] = None
    rows: Rows = None

    @property
    def subject(self) -> str:
        return self.column

    @property
    def count(self) -> int | None:
        """How many classes `classes` and `unknown` say there are."""
        return len(self.names) if self.names else self.classes if isinstance(self.classes, int) else None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all classes; empty where they have none."""
        return (*self.classes, *([self.unknown] if self.unknown else [])) if isinstance(self.classes, tuple) else ()

    @property
    def row_shape(self) -> tuple[int, ...] | None:
        return self.shape

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        message = f"`category` returns integer labels, but the input takes {wanted and wanted.dtype}"
        help = "give the input `dtype: int32`, or read the column with `array`"
        need(wanted is None or wanted.is_integer, message, help=help, code="E402")
        need(
            self.unknown is None or isinstance(self.classes, tuple),
            f"`unknown` is the class {self.unknown!r} for strings that are not in `classes`, but `classes` has no names",
            help="list them in the order of their labels: `classes: [cat, dog]`",
            argument="unknown",
            code="E403",
        )
        need(
            self.unknown not in (self.classes if isinstance(self.classes, tuple) else ()),
            f"`unknown` is {self.unknown!r}, which is one of the `classes` too",
            help=f"remove `{self.unknown}` from `classes`: it is the last class anyway",
            argument="unknown",
            code="E403",
        )
        if columns is None:
            return None
        column = columns[self.column]
        need_rows(self.rows, column, self.column)
        planned = TensorType(shape_of_row(self.shape, column, self.column), "int32" if wanted is None else wanted.dtype)
        if column.type is None:
            return planned
        text = column.type.dtype in ("str", "bytes")
        message = f"`category` needs integers or strings, but `{self.column}` has {column.type.dtype}"
        help = "save the labels as integers; read one-hot rows and probabilities with `array`"
        need(text or column.type.is_integer or column.type.dtype == "bool", message, help=help, code="E402")
        message = f"`{self.column}` has strings, but `classes` does not name the classes"
        help = "list them in the order of their labels: `classes: [cat, dog]`"
        need(not text or isinstance(self.classes, tuple), message, help=help, argument="classes", code="E403")
        known = len(column.classes) if isinstance(column.classes, tuple) else column.classes
        need(
            self.count is None or known is None or known <= self.count,
            f"`{self.column}` has {known} classes, but `classes` says {self.count}",
            help=f"`classes: {known}`, or omit it",
            argument="classes",
            code="E403",
        )
        return planned

    def class_names(self, columns: Mapping[str, Column] | None) -> tuple[str, ...] | int | None:
        if self.classes is None:
            return None if columns is None else columns[self.column].classes
        return self.names or self.count

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        planned = plan_arrays(self, columns, wanted)
        first = self.rows[0] if self.rows else 0
        values = take_rows(columns[self.column], self.rows)
        if values.dtype.kind in "TUS":
            assert isinstance(self.classes, tuple), "plan refuses text without names"
            labels = look_up(values, self.classes, self.column, first, self.unknown)
        else:
            labels = values.astype("uint8") if values.dtype.kind == "b" else values
            what = "label" if wanted is None else "id"
            check_labels(labels, self.count or ENDLESS, self.column, first, what)
        return to_integers(labels, planned.dtype, self.column, first).reshape(len(labels), *planned.shape)


def look_up(
    values: NumpyArray, names: tuple[str, ...], column: str, first_row: int, others: str | None = None
) -> NumpyArray:
    """The place of each text in `names`, as int32; that of texts which are not there is the next where `others` names
    it.

    Raises RunError E403 for texts that have no place.
    """
    distinct, inverse = np.unique(values.ravel(), return_inverse=True)
    texts = [item.decode(errors="replace") if isinstance(item, bytes) else str(item) for item in distinct.tolist()]
    places = {name: place for place, name in enumerate(names)}
    place = -1 if others is None else len(names)
    labels = np.array([places.get(text, place) for text in texts], np.int32)[inverse.ravel()].reshape(values.shape)
    unknown = [text for text in texts if text not in places and others is None]
    if unknown:
        row = first_row + int(np.argwhere(labels < 0)[0][0])
        shown = ", ".join(repr(text if len(text) <= 40 else text[:37] + "...") for text in unknown[:5])
        raise RunError(
            "E403",
            f"`{column}` has {counted(len(unknown), 'string')} not among its {len(names)} `classes`: {shown}"
            + (", ..." if len(unknown) > 5 else "")
            + f", the first in row {row}",
            helps=(
                "add them to `classes`, or correct the column: case and spaces matter",
                "or map them to an additional class: `unknown: other`",
            ),
        )
    return labels

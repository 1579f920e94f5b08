"""What `category` and `one_hot` share: a column of names or integers, each of which is one of the classes."""

from collections.abc import Collection, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.fields import Names
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt, Reader
from modelc.compiler.library.readers.checks import ENDLESS, Rows, check_labels, missing_values, take_rows
from modelc.compiler.library.readers.class_arguments import read_classes, read_vocabulary
from modelc.compiler.library.readers.faults import first_faults, missing_in, no_labels_in
from modelc.compiler.library.readers.hashing import FOREIGN_TO_HASH, hashed_ids
from modelc.compiler.library.readers.names import (
    count_names,
    first_names,
    look_up,
    most_frequent,
    names_in,
    unknown_names,
)

UNKNOWN = "unknown"
"""The name of the class of all names that a vocabulary has not, where the spec says no other."""


FEWER_WORDS = (
    "max_tokens",
    "max_categories",
    "num_words",
    "vocab_size",
    "vocabulary_size",
    "max_features",
    "num_tokens",
)
"""What others call the size of a vocabulary that is learnt."""

FOR_MISSING = dict.fromkeys(
    ("fillna", "fill_value", "mask_token", "missing_value", "missing_values", "na", "encoded_missing_value"),
    "write `missing: unknown`, or another name that stands for missing values",
)
"""What others call the name that stands for missing values."""


class CategoricalReader(Reader):
    """Abstract: a reader of a column of names or integers, each of which is one of the classes."""

    takes_missing = True
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("categories", "class_list", "class_names", "labels", "levels", "names", "vocab", "words"),
            "it is `classes` here: a list of names, or `{file: names.txt}` for a text file with one on each line; "
            "`vocabulary: 100` learns the most frequent",
        ),
        **dict.fromkeys(
            ("class_file", "classes_file", "file", "names_file", "vocab_file", "vocabulary_file"),
            "write `classes: {file: {value}}`, a text file with one name on each line",
        ),
        **dict.fromkeys(("default", "oov_token", "other", "unk_token"), "write `unknown: {value}`"),
        **dict.fromkeys(FEWER_WORDS, "write `vocabulary: {value}`, which counts the class of unknown names too"),
        **dict.fromkeys(
            ("handle_unknown", "num_oov_indices", "oov_buckets"),
            "write `unknown: other`, the name of one more class, the last, for names that are not known",
        ),
        **FOR_MISSING,
        **FOREIGN_TO_HASH,
        **dict.fromkeys(
            ("crosses", "crossed", "crossing", "crossed_columns"), "write `cross: {value}`, the other columns"
        ),
        "crossing_dim": "write `hash: {value}`, beside `cross: [COLUMN]` for the other columns",
        "min_frequency": "remove it: `vocabulary` says how many names are learnt, the most frequent",
    }

    column: Annotated[str, Field(min_length=1, description="Name of the column.")]
    classes: Annotated[
        int | tuple[str, ...] | dict[Literal["file", "run"], str] | None,
        BeforeValidator(read_classes),
        Field(
            description="Number of classes, or their names in order: a list, a text file with one on each line, or a run that has learnt them."
        ),
    ] = None
    vocabulary: Annotated[
        int | None,
        # Before the validator, so that the bound is not one of null.
        Field(
            ge=2,
            description="Number of classes whose names are learnt: the most frequent of the training rows, and `unknown`.",
        ),
        BeforeValidator(read_vocabulary),
    ] = None
    unknown: Annotated[
        str | None,
        Field(
            min_length=1,
            description="Name of an additional, last class for strings that are not in `classes`; that of `vocabulary` is called `unknown`.",
        ),
    ] = None
    missing: Annotated[
        str | None,
        Field(min_length=1, description="The class of missing values, such as `unknown`; else they are an error."),
    ] = None
    hash: Annotated[
        int | None,
        Field(
            ge=2, lt=2**31, description="Number of ids that names are hashed to, in place of `classes` or `vocabulary`."
        ),
    ] = None
    cross: Annotated[
        Names,
        Field(
            description="Other columns: with `hash`, the id is that of their values and the one of `column` together."
        ),
    ] = ()

    @property
    def subject(self) -> str:
        return self.column

    def names_among(self, there: Collection[str]) -> tuple[str, ...]:
        return (self.column, *self.cross)

    @property
    def others(self) -> str | None:
        """The name of the class of all names that are not known, which is the last; None where there is none."""
        return self.unknown or (UNKNOWN if self.vocabulary else None)

    @property
    def count(self) -> int | None:
        """How many classes the arguments say there are."""
        if self.vocabulary is not None or self.hash is not None:
            return self.vocabulary or self.hash
        return len(self.names) if self.names else self.classes if isinstance(self.classes, int) else None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all classes; empty where they have none, or have still to be learnt."""
        return (*self.classes, *([self.unknown] if self.unknown else [])) if isinstance(self.classes, tuple) else ()

    def check_arguments(self) -> None:
        """Raise `PlanError` E403 for arguments that say different things of the classes."""
        listed_names = self.classes if isinstance(self.classes, tuple) else ()
        need(
            self.vocabulary is None or self.classes is None,
            "`vocabulary` learns the names of the classes, and `classes` says them",
            help="keep `vocabulary` for names that are learnt of the training rows, `classes` for those that you know",
            argument="vocabulary",
            code="E403",
        )
        self.check_hash()
        need(
            self.unknown is None or bool(listed_names) or self.vocabulary is not None,
            f"`unknown` is the class {self.unknown!r} for strings that are not in `classes`, but `classes` has no names",
            help="list them in the order of their labels: `classes: [cat, dog]`",
            argument="unknown",
            code="E403",
        )
        need(
            self.unknown not in listed_names,
            f"`unknown` is {self.unknown!r}, which is one of the `classes` too",
            help=f"remove `{self.unknown}` from `classes`: it is the last class anyway",
            argument="unknown",
            code="E403",
        )
        known = self.missing is None or self.others is not None or self.hash is not None or self.missing in listed_names
        named = (
            f"which is none of the {len(listed_names)} `classes`" if listed_names else "but the classes have no names"
        )
        need(
            known,
            f"missing values are to be of the class {self.missing!r}, {named}",
            help="add it to `classes`, or write `unknown: other` for one more class, and `missing: other`"
            if listed_names
            else "name the classes: `classes: [cat, dog]`, or `vocabulary: 100`",
            argument="missing",
            code="E403",
        )

    def check_hash(self) -> None:
        """Raise `PlanError` E403 for arguments that do not go with `hash`, or not without it."""
        alone = self.hash is None or (self.classes is None and self.vocabulary is None)
        other = "classes" if self.vocabulary is None else "vocabulary"
        message = f"`hash` makes ids of all names there are, and `{other}` says which there are"
        help = f"keep `hash` for more names than can be listed, and remove `{other}`, or the reverse"
        need(alone, message, help=help, argument="hash", code="E403")
        message = "with `hash` every name has an id, so that none is unknown"
        is_known = self.hash is None or self.unknown is None
        need(is_known, message, help="remove `unknown`", argument="unknown", code="E403")
        message = "`cross` makes one name of the values of several columns, and does not say how many ids these have"
        help = "say how many: `hash: 1000`; two names may have the same"
        need(not self.cross or self.hash is not None, message, help=help, argument="cross", code="E403")
        names = (self.column, *self.cross)
        twice = next((name for name in names if names.count(name) > 1), "")
        need(not twice, f"`{twice}` is crossed with itself", help="name it once", argument="cross", code="E403")

    def check_columns(self, columns: Mapping[str, Column], kind: str) -> None:
        """`check_column` of the columns that are read, whose rows have to be of one shape. Raises `PlanError`."""
        self.check_column(columns[self.column], kind)
        for name in self.cross:
            self.model_copy(update={"column": name}).check_column(columns[name], kind)
            shapes = [
                None if type_ is None else list(type_.shape)
                for type_ in (columns[self.column].type, columns[name].type)
            ]
            message = f"one row of `{name}` has shape {shapes[1]}, and one of `{self.column}` {shapes[0]}"
            help = "cross columns with one value in each row, or as many as each other"
            need(None in shapes or shapes[0] == shapes[1], message, help=help, argument="cross", code="E402")

    def check_column(self, column: Column, kind: str) -> None:
        """Raise `PlanError` for a `column` that has no names or integers, or others than the arguments say; `kind` is the name
        of the reader.
        """
        if column.type is None:
            return
        text = column.type.dtype in ("str", "bytes")
        message = f"`{kind}` needs integers or strings, but `{self.column}` has {column.type.dtype}"
        help = "save the labels as integers; read one-hot rows and probabilities with `array`"
        is_discrete = text or column.type.is_integer or column.type.dtype == "bool"
        need(is_discrete, message, help=help, note=column.note, code="E402")
        message = f"`{self.column}` has strings, but `classes` does not name the classes"
        help = (
            "list them in the order of their labels: `classes: [cat, dog]`; `vocabulary: 100` learns the most frequent"
        )
        named = isinstance(self.classes, tuple) or self.vocabulary is not None or self.hash is not None
        need(not text or named, message, help=help, note=column.note, argument="classes", code="E403")
        known = len(column.classes) if isinstance(column.classes, tuple) else column.classes
        need(
            self.classes is None or self.count is None or known is None or known <= self.count,
            f"`{self.column}` has {known} classes, but `classes` says {self.count}",
            help=f"`classes: {known}`, or omit it",
            argument="classes",
            code="E403",
        )

    def class_names(self, columns: Mapping[str, Column] | None) -> tuple[str, ...] | int | None:
        if self.count is None:
            return None if columns is None else columns[self.column].classes
        return self.names or self.count

    def learn(self, columns: Arrays) -> Learnt:
        """The most frequent names of the training rows, and how many of their values have others."""
        if self.vocabulary is None:
            return None
        column = columns[self.column]
        gone = np.ma.getmaskarray(column)
        counts = count_names(np.ma.getdata(column)[~gone])
        if gone.any() and self.missing is not None:
            counts[self.name_of_missing] += int(gone.sum())
        total = counts.total()
        counts.pop(self.others or "", None)
        names = most_frequent(counts, self.vocabulary - 1)
        return {"names": names, "unknown": total - sum(counts[name] for name in names), "values": total}

    @property
    def name_of_missing(self) -> str:
        """The name that stands for missing values; `unknown` is the class of those that are not known, whatever its name."""
        listed_names = self.classes if isinstance(self.classes, tuple) else ()
        special = self.missing == UNKNOWN and UNKNOWN not in listed_names and self.others is not None
        return (self.others if special else self.missing) or ""

    def classes_learnt(self, learnt: Learnt) -> tuple[str, ...] | None:
        if self.vocabulary is None or learnt is None:
            return None
        names = [*learnt["names"]]
        for place in range(len(names), self.vocabulary - 1):
            name = f"unused {place}"
            while name in names:
                name += "'"
            names.append(name)
        return (*names, self.others or "")

    def remarks(self, learnt: Learnt) -> tuple[str, ...]:
        if self.vocabulary is None or learnt is None:
            return ()
        names, room, said = len(learnt["names"]), self.vocabulary - 1, []
        if names < room:
            said.append(
                f"the training rows have {counted(names, 'name')}, and there is room for {room:,}: no row is of the other classes"
            )
        if learnt["unknown"]:
            said.append(
                f"{learnt['unknown']:,} of {learnt['values']:,} values in the training rows are of the class `{self.others}`"
            )
        return tuple(said)

    def described(self, learnt: Learnt) -> tuple[str, ...]:
        if self.vocabulary is None or learnt is None:
            return ()
        return (f"{counted(len(learnt['names']), 'name')} and `{self.others}`: {first_names(learnt['names'])}",)

    @property
    def values_are(self) -> Literal["integer", "number"] | None:
        return "integer" if isinstance(self.classes, int) else None

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        column, names = columns[self.column], (self.column, *self.cross)
        missing = first_faults(missing_in(name, columns[name]) for name in names if self.missing is None)
        is_looked_up = np.ma.getdata(column).dtype.kind in "TUS" or self.vocabulary is not None
        if self.hash is not None or (is_looked_up and self.others is not None):
            return missing
        return first_faults((missing, no_labels_in(self.column, column, self.names if is_looked_up else self.count)))

    def labels(self, columns: Arrays, rows: Rows, learnt: Learnt, count: int | None, what: str) -> NumpyArray:
        """The class of each value in the `rows` of its column, of which there are `count`; `what` is what they are called.

        Raises RunError E403 for values that are of no class.
        """
        first_row = rows[0] if rows else 0
        parts = [take_rows(columns[name], rows) for name in (self.column, *self.cross)]
        for name, part in zip((self.column, *self.cross), parts, strict=True):
            if self.missing is None and (gone := np.ma.getmaskarray(part)).any():
                known = "unknown" if self.others else "NAME"
                raise missing_values(name, gone, first_row, f"say which class they are of: `missing: {known}`")
        if self.hash is not None:
            return hashed_ids(parts, self.missing or "", self.hash)
        values, gone = np.ma.getdata(parts[0]), np.ma.getmaskarray(parts[0])
        listed_names = self.classes if isinstance(self.classes, tuple) else ()
        names = listed_names if self.vocabulary is None else learnt["names"]
        other = None if self.others is None else (self.count or 0) - 1
        if values.dtype.kind in "TUS" or self.vocabulary is not None:
            found = np.where(gone, 0, look_up(values, names, other))
            if (strange := found < 0).any():
                raise self.unknown_labels(values[strange], first_row + int(np.argwhere(strange)[0][0]))
        else:
            found = np.where(gone, 0, values.astype("uint8") if values.dtype.kind == "b" else values)
            check_labels(found, count or ENDLESS, self.column, first_row, what)
        if not gone.any():
            return found
        (place,) = look_up(np.array([self.name_of_missing]), names, other)
        return np.where(gone, place, found)

    def unknown_labels(self, unknown: NumpyArray, row: int) -> RunError:
        """The error for names that are none of the classes, the first of them in `row`."""
        assert isinstance(self.classes, tuple)
        helps = (
            "add them to `classes`, or correct the column: case and spaces matter",
            "or map them to an additional class: `unknown: other`",
        )
        return unknown_names(names_in(unknown)[0], row, self.column, f"its {len(self.classes)} `classes`", helps)

"""How many classes or ids the section `data` declares for an input or a target, for `${classes(kind)}` and
`${vocabulary(text)}`, which are the same number under the word that suits the reader.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import ValidationError

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.expansion.scope import File, Scope, dereference, is_reference
from modelc.compiler.expansion.source_tree import SourceNode, entries_of
from modelc.compiler.expansion.spec_files import FROM, known_as, names_argument
from modelc.compiler.expansion.variables import Reported
from modelc.compiler.language.expressions.operations import ExpressionError
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.window_grammar import SPANS
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Reader
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.document import Where

if TYPE_CHECKING:
    from modelc.compiler.expansion.variables import VariableEvaluator

SECTIONS = ("targets", "inputs")


def declared_classes(evaluator: "VariableEvaluator", name: str, file: File) -> tuple[int, Where]:
    """The number of classes that the reader of the input or target `name` declares, and where that is written.

    Raises ExpressionError where there are none, and Reported where what is wrong is reported elsewhere.
    """
    data = written_out(file.data, file)
    sections = [entries_of(written_out(data and data.get(section), file)) for section in SECTIONS]
    found = [section[name][1] for section in sections if name in section]
    if not found:
        if evaluator.undeclared.get(name):
            # One mistake, however often it is counted; typos are to be mended where each stands.
            raise Reported
        known = [known for section in sections for known in section]
        near = suggest(name, known, defined=True)
        evaluator.undeclared[name] = not near
        raise ExpressionError(
            f"`data` has no input or target `{name}`", near.help or declaring(evaluator, name, known, file)
        )
    if name in evaluator.counting:
        raise ExpressionError(f"what `{name}` counts depends on itself", "write the number of classes")
    evaluator.counting.append(name)
    try:
        counts = [count_of(evaluator, name, node, file) for node in found]
    finally:
        evaluator.counting.remove(name)
    if len(set(counts)) > 1:
        message = f"`{name}` is a target with {counts[0]} classes and an input with {counts[1]}"
        raise ExpressionError(message, "write the number of classes")
    return counts[0], found[0].at


def written_out(node: SourceNode | None, file: File) -> SourceNode | None:
    """A section, or if it is a variable the value of that. Raises Reported where it, or a key of it, cannot be read."""
    found = node and dereference(node, file.variables)
    if found is not None and (found.kind == "hole" or is_reference(found)):
        raise Reported
    if any(key.startswith("$") for key in entries_of(found)):
        raise Reported
    return found


def declaring(evaluator: "VariableEvaluator", name: str, known: list[str], file: File) -> str:
    """What to write for a name that the data does not read, which reads those that are `known`."""
    if known:
        return f"`data` reads {listed(known)}"
    try:
        columns = source_columns(evaluator, file) or {}
    except Reported:
        columns = {}
    # A column of a source that says how many classes it has holds labels.
    labels = [f"{{category: {column}}}" for column, found in columns.items() if found.classes is not None]
    readers = labels or [f"{{category: {{column: {name}, classes: 10}}}}"]
    return "declare them: " + " or ".join(f"`data: {{targets: {{{name}: {reader}}}}}`" for reader in readers)


def count_of(evaluator: "VariableEvaluator", name: str, node: SourceNode, file: File) -> int:
    """The number of classes that one reader declares, or the source for its column."""
    raw = with_names(without_span(plain(evaluator, node, file)), name, evaluator.class_names)
    try:
        reader = READERS.build(raw)
    except ValidationError:
        # It is reported where it is read.
        raise Reported from None
    classes = reader.class_names(None)
    if classes is None and is_refused(reader):
        raise Reported
    if classes is None and (column := column_of(evaluator, reader.subject, file)) is not None:
        classes = reader.class_names({reader.subject: column})
    if classes is None:
        kind = READERS.name_of(reader)
        says = "does not say how many classes there are" if reader.gives_labels else "reads no classes"
        category = f"`{name}: {{category: {{column: {reader.subject}, classes: 10}}}}`"
        help = f"say how many there are: {category}"
        if not reader.gives_labels:
            help = f"for labels write {category}; for numbers, or a value for each class, write the number here"
        raise ExpressionError(f"`{kind}` of `{name}` {says}", help)
    return classes if isinstance(classes, int) else len(classes)


def without_span(reader: object) -> object:
    """The data of a reader without what says which rows of a window it reads, which stands beside it."""
    return {key: value for key, value in reader.items() if key not in SPANS} if isinstance(reader, dict) else reader


def is_refused(reader: Reader) -> bool:
    """Whether the arguments of a reader are reported as wrong where it is read, whatever its columns are."""
    try:
        reader.plan(None, None)
    except PlanError:
        return True
    return False


def with_names(reader: object, name: str, names: Mapping[str, tuple[str, ...]]) -> object:
    """The data of the reader of the input or target `name` with class names in place of the file or run that has them."""
    ((kind, given),) = reader.items() if isinstance(reader, dict) and len(reader) == 1 else (("", None),)
    if not isinstance(given, dict):
        return reader
    argument = names_argument(kind)
    classes = given.get(argument)
    elsewhere = classes if isinstance(classes, dict) else {}
    key = next((key for key in FROM if isinstance(elsewhere.get(key), str)), None)
    if key is None:
        return reader
    called = known_as(key, elsewhere[key], name)
    if called not in names:
        # Why there are none is reported where they are read.
        raise Reported
    return {kind: {**given, argument: names[called]}}


def column_of(evaluator: "VariableEvaluator", subject: str, file: File) -> Column | None:
    """What the source says of a column without reading it; None where only its files can tell. Raises Reported where the
    source cannot be read.
    """
    columns = source_columns(evaluator, file)
    return None if columns is None else columns.get(subject)


def source_columns(evaluator: "VariableEvaluator", file: File) -> Mapping[str, Column] | None:
    """What the source says of its columns without reading them; None where only its files can tell. Raises Reported where
    it cannot be read.
    """
    data = written_out(file.data, file)
    source = data and data.get("source")
    if source is None:
        return None
    try:
        return SOURCES.build(plain(evaluator, source, file)).columns()
    except ValidationError:
        # It is reported where it is read.
        raise Reported from None


def plain(evaluator: "VariableEvaluator", node: SourceNode, file: File) -> object:
    """The value of a node as plain data, with the variables of its file. Raises Reported where it has a hole."""
    found = evaluator.evaluate(node, Scope(file))
    data = evaluator.plain_data(found)
    if found in evaluator.with_holes:
        raise Reported
    return data

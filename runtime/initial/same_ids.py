"""Refuses tables of ids that are taken from a run whose readers gave these ids to other words, names or parts of words."""

from typing import Any

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.expansion.spec_files import names_argument
from modelc.compiler.graph.graph import Edge
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.library.contracts.reader import Reader
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.readers.categorical import CategoricalReader
from modelc.compiler.library.readers.category_columns import CategoryColumnsReader
from modelc.compiler.library.readers.text import TextReader
from modelc.runtime.data.learning import Learnt
from modelc.runtime.initial.begun import Begun
from modelc.runtime.initial.sources import Opened


def need_same_ids(begun: Begun, learnt: Learnt) -> None:
    """Raise RunError E610 for a table that is taken whose ids the readers of the task, which have `learnt` that of the training
    rows, give to others than those of the run did.
    """
    tables = tables_of(begun.task.planned)
    for here, (number, there) in begun.taken.items():
        source = begun.sources[number]
        node, table = here.rpartition("/")[0], there.rpartition("/")[0]
        if node not in tables or source.task is None:
            continue
        before = tables_of(source.task.planned).get(table)
        for name in tables[node]:
            now = meaning_of_ids(begun.task, learnt, name)
            meanings = [meaning_of_ids(source.task, source.learnt, one) for one in before or ()]
            was = next((meaning for meaning in meanings if meaning is not None), None)
            if now is not None and was is not None and now != was:
                raise other_ids(begun.task, source, here, name, first_difference(was, now))


def other_ids(task: Task, source: Opened, here: str, name: str, difference: str) -> RunError:
    """The error for the table `here`, which looks up the ids that the reader of `name` gives."""
    kind = READERS.name_of((task.inputs or {})[name].reader)
    message = (
        f"the rows of `{here}` are for other ids: the reader of `{name}` gives them to others than in {source.shown}"
    )
    run = source.facts["run"]
    helps = (f"take the vocabulary with it: `{kind}: {{..., {names_argument(kind)}: {{run: {run}}}}}`",)
    if kind == "category_columns" or source.facts.get("elsewhere"):
        helps = ("read the ids as the run did, or leave the table out by `take`",)
    notes = (difference,) if difference else ()
    return RunError("E610", message, notes=notes, helps=helps, at=("data", "inputs", name))


def tables_of(planned: TypedGraph) -> dict[str, list[str]]:
    """By the path of a node that owns a table, the inputs of the model whose ids it looks up."""
    found: dict[str, list[str]] = {}
    for node in planned.graph.nodes:
        for edge in planned.looked_up(node):
            name = input_of(planned, edge)
            if name is not None:
                found.setdefault(node.owner, []).append(name)
    return found


def input_of(planned: TypedGraph, edge: Edge) -> str | None:
    """The input of the model whose values come to an edge as they are; None where others come there."""
    while edge.node not in planned.graph.inputs:
        node = planned.graph.node(edge.node)
        if node is None or node.layer is None or not node.layer.moves() or node.first is None:
            return None
        edge = node.first
    return edge.node


def meaning_of_ids(task: Task, learnt: Learnt, name: str) -> Any:
    """What the ids of an input stand for, to be compared; None where that is not known."""
    binding = (task.inputs or {}).get(name)
    return None if binding is None else meant_by(binding.reader, learnt.of(binding))


def meant_by(reader: Reader, learnt: Any) -> Any:
    """What the ids that a reader gives stand for, in order; None for one that does not say, such as of columns of integers."""
    if isinstance(reader, TextReader):
        if reader.hash is not None or reader.tokenizer == "bytes":
            return ["hashes", reader.tokenizer, reader.hash]
        if reader.is_of_parts:
            return None if learnt is None else learnt["tokenizer"]
        return None if learnt is None else list(reader.vocabulary_of(learnt))
    if isinstance(reader, CategoricalReader):
        if reader.hash is not None:
            return ["hashes", reader.hash, len(reader.cross)]
        found = reader.names or reader.classes_learnt(learnt)
        # What the last class is called, of all others, makes no difference.
        return None if not found else [*found[:-1], None] if reader.others else list(found)
    if isinstance(reader, CategoryColumnsReader) and learnt is not None:
        return [meant_by(one, learnt[one.column]) for one in reader.readers]
    return None


def first_difference(was: Any, now: Any) -> str:
    """The first id that stands for something else, in words; empty where ids have no words of their own."""
    if not isinstance(was, list) or not isinstance(now, list):
        return ""
    for place in range(max(len(was), len(now))):
        one, other = (known[place] if place < len(known) else None for known in (was, now))
        if one != other and isinstance(one, str | None) and isinstance(other, str | None):
            said = ("nothing of its own" if word is None else repr(word) for word in (one, other))
            return "number {} was {}, and is {}".format(place + 1, *said)
    return ""

"""Reports problems of one document, with their places, suggestions and the trails of values."""

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.diagnostics.problem import SETTING, Label, Path, Suggestion
from modelc.compiler.diagnostics.reporter import ProblemCollector, as_tuple
from modelc.compiler.language.ast import STRUCTURES, Layers
from modelc.compiler.language.expressions.deferred import Deferred
from modelc.compiler.language.suggestions.foreign_keys import callback_hint, key_hint
from modelc.compiler.language.suggestions.freezing_words import ARGUMENTS as FREEZING
from modelc.compiler.language.suggestions.held_out_rows import renamed
from modelc.compiler.language.suggestions.nested_words import nested_hint
from modelc.compiler.language.suggestions.suggest import suggest, suggest_argument, suggest_registered
from modelc.compiler.language.suggestions.wording import article, removing, some
from modelc.compiler.library.base.registry import Registered, Registry
from modelc.compiler.syntax.document import Document, Where
from modelc.compiler.syntax.unread import Unread


class Reporter(ProblemCollector):
    """The problems found so far in one document."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.wrong: dict[object, tuple[Any, int, int]] = {}
        """What was read from a text that is wrong, as it is in each use of a block, and where its problems are."""

    @cached_property
    def holes(self) -> Unread:
        """The paths of what could not be read."""
        return Unread(self.document.holes)

    @cached_property
    def unread(self) -> Unread:
        """The paths of what could not be read, and of unknown keys: their problems are reported."""
        return Unread(self.document.holes)

    @cached_property
    def waiting(self) -> Unread:
        """The paths of expressions that wait for shapes."""
        return Unread(path for path in self.document.computed if isinstance(self.document.get(path), Deferred))

    def add(
        self,
        code: str,
        message: str,
        path: Path,
        *,
        label: str = "",
        key: bool = False,
        help: str | Iterable[str] = (),
        note: str | Iterable[str] = (),
        related: Iterable[tuple[Path, str]] = (),
        related_keys: bool = True,
        suggestion: Suggestion | None = None,
    ) -> None:
        """Report one problem at the value at `path`, or at its key; `related` are other keys, or values, with a text."""
        if self.only_counts(code):
            return
        at = Where(self.document, path, key)
        related = tuple(related)
        labels = [Label(Where(self.document, other, related_keys).place(), text) for other, text in related]
        helps = as_tuple(help)
        if code == "E108":
            paths = (path, *dict(related))
            taken = [".".join(map(str, other)) for other in paths if self.is_extended(other)]
            if taken and len(taken) < len(paths):
                helps += (f"to leave out what the base has, write {removing(self.document.extends, taken)}",)
        seen = {at.place(), *(other.place for other in labels)}
        labels += [other for other in self.document.trail(path) if other.place not in seen]
        if suggestion is not None and suggestion.place is None:
            suggestion = self.located(suggestion, path, key=key)
        self.report(code, message, at, label=label, help=helps, note=note, related=labels, suggestion=suggestion)

    def located(self, suggestion: Suggestion, path: Path, *, key: bool = False) -> Suggestion:
        """`suggestion` for the value at `path`, or its key; not safe where it came through a variable, which may be
        right elsewhere.
        """
        is_shared = self.document.is_shared(path[:-1] if key else path)
        place = Where(self.document, path, key).place()
        return suggestion._replace(is_safe=suggestion.is_safe and not is_shared, place=place)

    def is_removed(self, code: str, what: str, name: Path, path: Path) -> bool:
        """Whether `what` is found at `name` in what the spec extends and is left out; reports that the value at `path`
        needs it.
        """
        removed = self.document.removed.get(name)
        if removed is not None:
            self.report_removed(code, what, removed.place(), Where(self.document, path))
        return removed is not None

    def is_extended(self, path: Path) -> bool:
        """Whether the key at `path` stands in a file that the spec extends."""
        return self.document.key(path).file not in (self.document.name, SETTING)

    def plan_error(self, error: PlanError, message: str, path: Path, *, key: bool = False) -> None:
        """Report what a `plan` method raised, at `path`."""
        self.add(error.code, message, path, key=key, label="does not fit", help=error.help, note=error.note)

    def caution(self, caution: PlanError, message: str, path: Path, label: str = "no effect") -> None:
        """Report what a `caution` method says of the thing at `path`, at its argument where that is written."""
        path = (*path, caution.argument)
        self.add(caution.code, message, path, label=label, help=caution.help, note=caution.note)

    def is_hole(self, path: Path) -> bool:
        """Whether the text has something at `path` that could not be read and is reported already; so has all of it
        where no more problems are looked for.
        """
        return path in self.unread.paths or self.uncounted <= 0

    def has_hole(self, path: Path) -> bool:
        """Whether the value at `path` is, or contains, what is reported already."""
        return self.unread.is_in(path)

    def lacks(self, path: Path) -> bool:
        """Whether an entry of what stands at `path` could not be read."""
        return bool(self.unread.keys(path))

    def in_hole(self, path: Path) -> bool:
        """Whether the value at `path` is, contains, or stands in what is reported already."""
        return self.unread.is_in(path) or self.unread.covers(path)

    def unknown(
        self,
        path: Path,
        name: str,
        owner: str,
        allowed: Collection[str],
        *,
        what: str = "key",
        instead: str = "",
        cls: type[Registered] | None = None,
        elsewhere: str = "",
        foreign: str = "",
        form: str = "",
    ) -> None:
        """Report a key that `owner` does not have; `instead` is what it probably is, if that is known otherwise. `cls` is
        the class of an owner that is named, whose argument it would be; `elsewhere` says where there is such a key, and
        `form` how its value is written there. `foreign` says what it is for certain, however like an allowed one it is.
        """
        if self.only_counts("E102"):
            return
        form = form or self.sharing(path, what == "argument")
        value = self.document.get(path) if path in self.document.values and not self.is_hole(path) else None
        is_argument = what == "argument"
        if is_argument:
            found = suggest_argument(
                name, allowed, instead=instead, owner=cls, value=value, beside=self.keys_at(path[:-1])
            )
            found = found._replace(help=found.help.replace("{fed}", self.fed_from(path[:-2])))
        else:
            found = suggest(name, allowed)
        if foreign:
            found = Suggestion(name, help=foreign)
        elif elsewhere and not found.is_safe:
            found = Suggestion(name, help=elsewhere)
        if len(path) < 3 and (hint := key_hint(name, value, self.document.data)):
            below = "below `train:`, " if len(path) == 1 and name == "callbacks" else ""
            found = Suggestion(name, help=below + hint.replace("\n", f"\n{below}"))
        if not is_argument and not foreign and (hint := nested_hint(name, value, path, self.document.data, allowed)):
            found = Suggestion(name, help=hint)
        if not is_argument and path[0] in ("model", "blocks") and name in FREEZING:
            found = Suggestion(name, help=FREEZING[name])
        if path[:-1] == ("data",) and (key := renamed(name, value)) and key not in self.keys_at(("data",)):
            found = Suggestion(name, key, f"did you mean `{key}`?", is_safe=True)
        if not found and path[:1] == ("train",) and (hint := callback_hint(name, value, self.document.data)):
            found = Suggestion(name, help=hint)
        if not found.is_safe and path[:1] == ("train",) and (path[1:2] == ("optimizer",) or len(path) == 2):
            from modelc.compiler.language.suggestions.optimizer_keys import optimizer_help

            if help := optimizer_help(self.document.data, name, len(path) > 2):
                found = Suggestion(name, help=help)
        helps = found.help.split("\n") if "\n" in found.help else []
        if helps:
            found = Suggestion(name)
        if form:
            found = found._replace(help=form)
        names = some(allowed, owner.strip("`") if owner.startswith("`") else "")
        message, label = f"unknown {what} `{name}` in {owner}", f"unknown {what}"
        note = f"{what}s of {owner}: {names}" if allowed else f"{owner} has no {what}s"
        self.add("E102", message, path, key=True, label=label, note=note, help=helps, suggestion=found)

    def sharing(self, path: Path, is_argument: bool) -> str:
        """What to write for an unknown key that names a node whose weights a layer is to have; empty for all else."""
        if "nodes" not in path:
            return ""
        from modelc.compiler.language.suggestions.sharing import sharing_help
        from modelc.compiler.library.layers import LAYERS

        beside = (key for key in self.keys_at(path[:-1]) if key in LAYERS)
        return sharing_help(self.document, path, str(path[-2]) if is_argument else next(beside, ""))

    def keys_at(self, path: Path) -> Collection[str]:
        """The keys of the mapping at a path; none of anything else."""
        found = self.document.get(path) if path in self.document.values and not self.is_hole(path) else None
        return list(found) if isinstance(found, dict) else ()

    def fed_from(self, node: Path) -> str:
        """What the node at a path takes its values from, as it is written; an ellipsis where it does not say."""
        item = self.document.get(node) if node in self.document.values and not self.is_hole(node) else None
        fed = item.get("from") if isinstance(item, dict) else None
        return fed if isinstance(fed, str) else "..."

    def type_form(self, path: Path, table: Registry[Any], form: Suggestion) -> None:
        """Report a thing that is named by the value of a key."""
        at = (*path, str(form.written))
        if self.document.is_shared(at):
            help = "a name cannot be a variable: let the variable hold the whole value, or write the name"
            form = form._replace(is_safe=False, help=help)
        message = f"{article(table.kind)} is written with its name as the key, not with `{form.written}:`"
        self.add("E107", message, at, key=True, label=f"`{form.written}` is not used", suggestion=form)

    def unknown_name(self, path: Path, table: Registry[Any], name: str) -> None:
        """Report a name that is not in `table`."""
        if self.only_counts("E101"):
            return
        is_layer, is_key = table.kind == "layer", path[-1] == name
        if is_layer and (name in self.document.defined or name in STRUCTURES):
            self.no_layer(path, name)
            return
        if is_layer and self.is_removed("E101", f"the block `{name}`", ("blocks", name), path):
            return
        given = is_key and path in self.document.values and not self.is_hole(path)
        arguments = self.document.get(path) if given else None
        blocks = self.document.defined if is_layer else ()
        # A primary argument stands in place of the arguments.
        at = path if is_key or path in self.document.values or len(path) < 2 else path[:-1]
        found = suggest_registered(name, table, at[-1], arguments, blocks)
        if table.kind == "activation" and at[-1:] == ("activation",) and isinstance(at[-2], int):
            found = found._replace(help=found.help.replace("as the layer after this one", "in place of `activation`"))
        if not found and not is_key:
            from modelc.compiler.language.suggestions.array_paths import array_help
            from modelc.compiler.language.suggestions.foreign_references import reference_help

            array = array_help(at[-1], name) if table.kind == "initializer" else ""
            found = Suggestion(name, help=array or reference_help(self.document, path, name))
            if table.kind == "source" and not found.help and ("." in name or "/" in name):
                from modelc.compiler.language.suggestions.foreign_keys import as_file

                found = Suggestion(name, help=as_file(name, {}))
            if table.kind == "schedule" and not found.help:
                from modelc.compiler.language.suggestions.foreign_numbers import rate_help

                found = Suggestion(name, help=rate_help(name))
            if name in ("None", "nil", "NULL", "nothing"):
                found = Suggestion(
                    name, help=f"to have none, remove `{path[-1]}`" if isinstance(path[-1], str) else "remove it"
                )
        message, note = f"unknown {table.kind} `{name}`", () if found else f"{table.kind} names: {some(list(table))}"
        self.add("E101", message, path, key=is_key, label=f"no such {table.kind}", note=note, suggestion=found)

    def no_layer(self, path: Path, name: str) -> None:
        """Report a block, or what stands in place of a layer elsewhere, where only a layer can stand."""
        message, label = f"`{name}` is a block, but only a layer is allowed here", "a block"
        help = f"use a layer here, and put the structure around it into the block: `{name}: {{layers: [...]}}`"
        if name not in self.document.defined:
            message = f"`{name}` is allowed in a list or node, but only a layer is allowed here"
            around = name in ("residual", "parallel")
            help = f"use a layer here, and put `{name}` around the whole" if around else "use the layer itself"
            if name == Layers.key:
                help = "write the layers themselves: only layers, with their arguments, are allowed here"
            label = "no layer"
        self.add("E101", message, path, key=path[-1] == name, label=label, help=help)

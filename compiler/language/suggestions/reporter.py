"""Collects the problems of one document, with their places, what was meant and the ways that values came."""

from collections.abc import Collection, Iterable
from typing import Any, Literal

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.diagnostics.problem import SETTING, Label, Meant, Path, Problem, still_needed
from modelc.compiler.language.item_names import STRUCTURES
from modelc.compiler.language.suggestions.foreign_forms import (
    TypeForm,
    as_here,
    below,
    is_foreign,
    of_cell,
    sure_name,
    translated,
)
from modelc.compiler.language.suggestions.hints import absent_hint, argument_hint
from modelc.compiler.language.suggestions.spelling import closest, surely
from modelc.compiler.language.suggestions.wording import article, listed, some
from modelc.compiler.library.base.registry import Registry
from modelc.compiler.syntax.document import Document


class Reporter:
    """The problems found so far in one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

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
        meant: Meant | None = None,
    ) -> None:
        """Report one problem at the value at `path`, or at its key; `related` are other keys, or values, with a text."""
        place = self.document.key(path) if key else self.document.value(path)
        related = tuple(related)
        labels = [
            Label(self.document.key(at) if related_keys else self.document.value(at), text) for at, text in related
        ]
        helps = listed(help)
        if (
            code == "E108"
            and (taken := [at for at in (path, *dict(related)) if self.is_taken_over(at)])
            and len(taken) == 1
        ):
            way = ".".join(map(str, taken[0]))
            helps += (f"`remove: [{way}]` beside the `file` of `extends` leaves out what is there",)
        seen = {place, *(other.place for other in labels)}
        labels += [other for other in self.document.trail(path) if other.place not in seen]
        self.problems.append(
            Problem(
                code,
                message,
                Label(place, label),
                notes=listed(note),
                helps=helps,
                related=tuple(labels),
                path=path,
                meant=meant,
            )
        )

    def is_removed(self, code: str, what: str, name: Path, path: Path) -> bool:
        """Whether `what` is found at `name` in what the spec extends and is left out; reports that the value at `path` needs it."""
        removed = self.document.removed.get(name)
        if removed is not None:
            still_needed(self.problems, code, what, removed.place(), self.document.value(path), path)
        return removed is not None

    def is_taken_over(self, path: Path) -> bool:
        """Whether the key at `path` stands in a file that the spec extends."""
        return self.document.key(path).file not in (self.document.name, SETTING)

    def sure(
        self,
        path: Path,
        old: object,
        new: str | None,
        how: Literal["word", "value", "form"] = "word",
        *,
        key: bool = False,
        beside: tuple[str, ...] = (),
        given: str = "",
    ) -> Meant | None:
        """What was meant beyond doubt by the value at `path`, or by its key; None where that is not known.

        Nor where it came through a variable, which may be right elsewhere.
        """
        if new is None or self.document.is_shared(path[:-1] if key else path):
            return None
        return Meant(self.document.key(path) if key else self.document.value(path), old, new, how, beside, given)

    def plan_error(self, error: PlanError, message: str, path: Path, *, key: bool = True, label: str = "") -> None:
        """Report what a `plan` method raised, at `path`."""
        self.add(error.code, message, path, key=key, label=label, help=error.help, note=error.note)

    def is_hole(self, path: Path) -> bool:
        """Whether the text has something at `path` that could not be read and is reported already."""
        return path in self.document.holes

    def has_hole(self, path: Path) -> bool:
        """Whether the value at `path` is, or contains, what is reported already."""
        return any(hole[: len(path)] == path for hole in self.document.holes)

    def lacks(self, path: Path) -> bool:
        """Whether an entry of what stands at `path` could not be read."""
        return any(hole[:-1] == path for hole in self.document.holes)

    def in_hole(self, path: Path) -> bool:
        """Whether the value at `path` is, contains, or stands in what is reported already."""
        return self.has_hole(path) or any(path[: len(hole)] == hole for hole in self.document.holes)

    def unknown(
        self,
        path: Path,
        name: str,
        owner: str,
        allowed: Collection[str],
        *,
        what: str = "key",
        instead: str = "",
    ) -> None:
        """Report a key that `owner` does not have; `instead` is what it probably is, if that is known otherwise."""
        close = instead or closest(name, allowed)
        cure = f"did you mean `{close}`?" if close else ""
        if what == "argument":
            cure = argument_hint(name, allowed) or cure
        self.add(
            "E102",
            f"unknown {what} `{name}` in {owner}",
            path,
            key=True,
            label=f"unknown {what}",
            help=cure,
            note=f"{what}s of {owner}: {some(allowed, owner.strip('`') if owner.startswith('`') else '')}"
            if allowed
            else f"{owner} has no {what}s",
            meant=self.sure(path, name, surely(name, allowed), key=True),
        )

    def type_form(self, path: Path, table: Registry[Any], form: TypeForm) -> None:
        """Report a thing that is named by the value of a key."""
        given = self.document.is_shared((*path, form.key))
        cure = "names are no variables: let the variable hold the whole, or write it out"
        self.add(
            "E107",
            f"{article(table.kind)} is written by its name, not with `{form.key}:`",
            (*path, form.key),
            key=True,
            label=f"`{form.key}` is not used",
            help=cure if given else f"write `{below(path[-1], form.written)}`",
            meant=None
            if given
            else self.sure((*path, form.key), form.key, form.sure, "form", key=True, beside=form.beside),
        )

    def unknown_name(self, path: Path, table: Registry[Any], name: str) -> None:
        """Report a name that is not in `table`."""
        if table.kind == "layer" and name in self.document.defined:
            self.add(
                "E101",
                f"`{name}` is a block, and only a layer can stand here",
                path,
                key=path[-1] == name,
                label="a block",
                help=f"put a layer here; what is around it can stand in the block: `{name}: {{layers: [...]}}`",
            )
            return
        if table.kind == "layer" and name in STRUCTURES:
            around = name in ("residual", "parallel")
            self.add(
                "E101",
                f"`{name}` stands in the place of a layer in a list or node, and only a layer can stand here",
                path,
                key=path[-1] == name,
                label="no layer",
                help=f"put a layer here, and `{name}` around the whole" if around else "put the layer itself here",
            )
            return
        if table.kind == "layer" and self.is_removed("E101", f"the block `{name}`", ("blocks", name), path):
            return
        # One that is refused as the name of a block is told where it is defined.
        blocks = [block for block in self.document.defined if block[:1].isupper()]
        close = table.suggest(name)
        block = closest(name, self.document.defined) if table.kind == "layer" else None
        close = block or close
        called = close is not None and close in table.called(name)
        cure = f"did you mean `{close}`?" if close else ""
        before, _, after = name.partition(":")
        given = path[-1] == name and path in self.document.values and not self.is_hole(path)
        arguments = self.document.get(path) if given else None
        if layer := of_cell(table, name, arguments):
            cure = f"did you mean `{layer}`?"
        elif not called and not block and (absent := absent_hint(table.kind, name)):
            cure = absent
        elif close and path[-1] == name and called and is_foreign(name, close):
            cure = f"did you mean `{translated(table, close, as_here(name, arguments))}`?"
        elif before.strip() in table and after:
            cure = f"write `{below(path[-1], f'{before.strip()}: {after.strip()}')}`"
        elif table.kind == "source" and name.endswith(".npz"):
            cure = f"write `{below(path[-1], f'npz: {name}')}`"
        else:
            from modelc.compiler.library.base.plugin_metadata import having

            # It has exactly this name: more than likeness says.
            plugins = having(table.kind, name)
            cure = f"the installed plug-in `{plugins[0]}` has it: add `--plugin {plugins[0]}`" if plugins else cure
        self.add(
            "E101",
            f"unknown {table.kind} `{name}`",
            path,
            key=path[-1] == name,
            label=f"no such {table.kind}",
            help=cure,
            note=f"{table.kind} names: {some(list(table))}" if not cure else (),
            meant=self.sure(
                path,
                name,
                sure := sure_name(table, name, arguments, blocks),
                key=path[-1] == name,
                given=name if sure in blocks else "",
            ),
        )

"""Collects the problems of one document, and says pydantic's findings in the words of the language."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from modelc.compiler.document import Document
from modelc.compiler.errors import Label, Meant, Path, PlanError, Problem
from modelc.compiler.named import Table
from modelc.compiler.schema.forms import (
    INFERRED,
    TypeForm,
    another,
    below,
    example_of,
    fed_cure,
    is_foreign,
    of_cell,
    sure_name,
    translated,
    type_form,
)
from modelc.compiler.schema.hints import absent_hint, bound_hint, choice_hint, scalar_cure, type_hint, value_meant
from modelc.compiler.schema.spellings import closest, surely
from modelc.compiler.schema.wording import article, describe, listed, literal_choices, show, some

BESIDE = ("name", "from", "repeat")
"""Keys that stand beside a layer, and are looked for inside it."""
WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "mapping_type": "a mapping",
}
BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


class Findings:
    """The problems found so far in one document. The only mutable thing between a text and its spec."""

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
        labels = [
            Label(self.document.key(at) if related_keys else self.document.value(at), text) for at, text in related
        ]
        seen = {place, *(other.place for other in labels)}
        labels += [other for other in self.document.trail(path) if other.place not in seen]
        self.problems.append(
            Problem(
                code,
                message,
                Label(place, label),
                notes=listed(note),
                helps=listed(help),
                related=tuple(labels),
                path=path,
                meant=meant,
            )
        )

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

    def unknown(
        self,
        path: Path,
        name: str,
        owner: str,
        allowed: Collection[str],
        *,
        what: str = "key",
    ) -> None:
        """Report a key that `owner` does not have."""
        close = closest(name, allowed)
        cure = f"did you mean `{close}`?" if close else ""
        if not close and what == "argument" and name in INFERRED:
            cure = "leave it out: what comes into a layer is known from the layer before"
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

    def build(self, table: Table[Any], raw: Any, path: Path) -> Any:
        """The named thing at `path`, or None when it is wrong and reported."""
        try:
            return table.build(raw)
        except ValidationError as error:
            self.translate(error, path)
            return None

    def section(self, cls: type[BaseModel], raw: Mapping[str, Any], path: Path, owner: str) -> Any:
        """`raw` as a `cls`; keys with a wrong value are reported and left at their default, None if that cannot be."""
        values = dict(raw)
        while True:
            try:
                return cls.model_validate(values)
            except ValidationError as error:
                self.translate(error, path, fields=list(cls.model_fields), owner=owner)
                bad = {item["loc"][0] for item in error.errors(include_url=False) if item["loc"]}
                if not bad & values.keys():
                    return None
                values = {key: value for key, value in values.items() if key not in bad}
                if any(field.is_required() and name not in values for name, field in cls.model_fields.items()):
                    return None

    def translate(self, error: ValidationError, path: Path, *, fields: Collection[str] = (), owner: str = "") -> None:
        """Report every finding of pydantic about the value at `path`, but not what follows from another."""
        from modelc.compiler.schema.tables import table_of

        items: list[dict[str, Any]] = [dict(item) for item in error.errors(include_url=False)]
        missing = [item["loc"] for item in items if item["type"] == "missing"]
        meant = set()
        for item in (item for item in items if item["type"] == "extra_forbidden"):
            loc = item["loc"]
            meant.add(
                (*loc[:-1], closest(str(loc[-1]), [str(other[-1]) for other in missing if other[:-1] == loc[:-1]]))
            )
        arguments: dict[Path, dict[str, Any]] = {}
        for item in items:
            if item["type"] == "extra_forbidden":
                arguments.setdefault(item["loc"][:-1], {})[str(item["loc"][-1])] = item["input"]
        for item in items:
            *around, last = item["loc"] or ("",)
            whose = item.get("ctx", {}).get("owner")
            if item["type"] == "extra_forbidden" and whose and not set(BESIDE) & arguments[tuple(around)].keys():
                table = table_of(whose["kind"])
                if not table.find(whose["name"]).model_fields:
                    # One mistake, however many arguments it has.
                    if last == next(iter(arguments[tuple(around)])):
                        self.takes_nothing((*path, *around), table, whose["name"], arguments[tuple(around)])
                    continue
            if item["type"] != "missing" or item["loc"] not in meant:
                self.translate_one(item, path, fields, owner)

    def translate_one(self, item: dict[str, Any], base: Path, fields: Collection[str], owner: str) -> None:
        from modelc.compiler.schema.tables import table_of

        kind, context, value = item["type"], item.get("ctx", {}), item["input"]
        path: Path = (*base, *item["loc"])
        if any(self.is_hole(path[:end]) for end in range(len(base), len(path) + 1)):
            return
        whose = context.get("owner")
        if whose is not None:
            cls = table_of(whose["kind"]).find(whose["name"])
            fields, owner = list(cls.model_fields), f"`{whose['name']}`"
        # A value that is checked by itself, such as `validation`, is called by its key.
        name = next((part for part in reversed(path) if isinstance(part, str)), "")
        quoted = f"`{name}`" if name else "this"
        if name and isinstance(path[-1], int):
            quoted = f"every value of {quoted}"
        path = self.written(path, len(base))
        if kind == "extra_forbidden":
            self.unknown_argument(path, name, owner, fields, argument=whose is not None)
        elif kind == "missing":
            what = "argument" if whose is not None else "key"
            self.add(
                "E104",
                f"{owner} needs the {what} `{name}`",
                path[:-1],
                key=True,
                label=f"`{name}` is missing",
                help=f"for example `{example_of(whose)}`" if example_of(whose) else f"add `{name}: ...`",
            )
        elif kind in WANTED:
            self.add(
                "E105",
                f"{quoted} must be {WANTED[kind]}, got {describe(value)}",
                path,
                label=f"expected {WANTED[kind]}",
                help=type_hint(kind, name, value),
                meant=self.sure(path, value, value_meant(kind, value), "value"),
            )
        elif kind in BOUNDS:
            key, words = BOUNDS[kind]
            self.add(
                "E106",
                f"{quoted} must be {words} {context[key]:g}, got {show(value)}",
                path,
                label=f"must be {words} {context[key]:g}",
                help=bound_hint(kind, name, context[key], value),
            )
        elif kind == "literal_error":
            choices = literal_choices(context["expected"])
            word = choice_hint(str(value), choices)
            close = word or closest(str(value), choices)
            self.add(
                "E106",
                f"{quoted} must be one of {', '.join(f'`{choice}`' for choice in choices)}, got {describe(value)}",
                path,
                label="not one of the choices",
                help="leave it out" if value is False else f"did you mean `{close}`?" if close else (),
                meant=self.sure(path, value, word or surely(str(value), choices)) if value is not False else None,
            )
        elif kind in ("missing_argument", "too_short", "too_long"):
            self.add(
                "E106", f"{quoted} has the wrong number of values: {item['msg'].lower()}", path, label="wrong length"
            )
        elif kind == "unknown_name":
            self.unknown_name(path, table_of(context["kind"]), str(value))
        elif kind == "one_name" and (form := type_form(table_of(context["kind"]), value)):
            self.type_form(path, table_of(context["kind"]), form)
        elif kind == "one_name":
            self.add(
                "E103",
                f"expected exactly one {context['kind']} here, got {len(value)}",
                path,
                key=True,
                label=f"name one {context['kind']}",
                help=f"write `name`, `name: value` or `name: {{argument: value}}`; names: {', '.join(value)}"
                if value
                else (),
            )
        elif kind == "not_named":
            table = table_of(context["kind"])
            self.add(
                "E105",
                f"expected the name of {article(context['kind'])}, got {describe(value)}",
                path,
                label=f"expected {article(context['kind'])}",
                note=f"{context['kind']} names: {some(list(table))}",
            )
        elif kind == "no_primary":
            self.no_primary(path, table_of(context["kind"]), context["name"], value)
        else:
            message = item["msg"].removeprefix("Value error, ")
            self.add("E106", f"{quoted}: {message[:1].lower()}{message[1:]}", path, label="out of range")

    def written(self, path: Path, start: int) -> Path:
        """`path` as the text has it: without a primary argument, from `start` on, whose list stands in its place."""
        for place in range(start, len(path) - 1):
            shorter = (*path[:place], *path[place + 1 :])
            if path not in self.document.values and shorter in self.document.values:
                return shorter
        return path

    def unknown_argument(self, path: Path, name: str, owner: str, fields: Collection[str], *, argument: bool) -> None:
        if argument and name in BESIDE:
            self.add(
                "E102",
                f"`{name}` is not an argument of {owner}",
                path,
                key=True,
                label=f"`{name}` stands beside the layer, not inside it",
                help=f"move `{name}` out to the column of {owner}",
            )
        else:
            self.unknown(path, name, owner, fields, what="argument" if argument else "key")

    def no_primary(self, path: Path, table: Table[Any], name: str, value: Any) -> None:
        """Report a bare value for a thing that takes its arguments by name, or takes none."""
        fields = table.find(name).model_fields
        required = [argument for argument, info in fields.items() if info.is_required()]
        if not fields:
            self.takes_nothing(path, table, name, value)
            return
        given = f"`{name}: {{{next(iter(required or fields))}: {show(value)}}}`"
        cure = f"write {given}" if required else f"write `{name}` alone, or name the argument, such as {given}"
        self.add(
            "E105",
            f"`{name}` takes no bare value, got {describe(value)}",
            path,
            label="name the argument this is for",
            help=fed_cure(table, name, value) or scalar_cure(name, value) or cure,
            note=f"arguments of `{name}`: {some(list(fields), name)}",
        )

    def takes_nothing(self, path: Path, table: Table[Any], name: str, arguments: Any) -> None:
        """Report arguments of a thing that takes none; something else may be called like it elsewhere."""
        other = another(table, name)
        cure = f"write `{name}`"
        if other:
            cure = f"did you mean `{translated(table, other, arguments)}`?"
        elif fed := fed_cure(table, name, arguments):
            cure = fed
        self.add(
            "E105",
            f"`{name}` takes no arguments, got {describe(arguments)}",
            path,
            key=isinstance(arguments, Mapping),
            label="takes no arguments",
            help=cure,
        )

    def type_form(self, path: Path, table: Table[Any], form: TypeForm) -> None:
        """Report a thing that is named by the value of a key."""
        self.add(
            "E107",
            f"{article(table.kind)} is written by its name, not with `{form.key}:`",
            (*path, form.key),
            key=True,
            label=f"`{form.key}` is not used",
            help=f"write `{below(path[-1], form.written)}`",
            meant=self.sure((*path, form.key), form.key, form.sure, "form", key=True, beside=form.beside),
        )

    def unknown_name(self, path: Path, table: Table[Any], name: str) -> None:
        close = table.suggest(name)
        if table.kind == "layer" and (block := closest(name, self.document.defined)):
            close = block
        called = close is not None and close in table.called(name)
        cure = f"did you mean `{close}`?" if close else ""
        before, _, after = name.partition(":")
        arguments = self.document.get(path) if path[-1] == name and path in self.document.values else None
        if layer := of_cell(table, name, arguments):
            cure = f"did you mean `{layer}`?"
        elif not called and (absent := absent_hint(table.kind, name)):
            cure = absent
        elif close and path[-1] == name and called and is_foreign(name, close):
            cure = f"did you mean `{translated(table, close, arguments)}`?"
        elif before.strip() in table and after:
            cure = f"write `{below(path[-1], f'{before.strip()}: {after.strip()}')}`"
        else:
            from modelc.compiler.advertised import having

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
                sure := sure_name(table, name, arguments, self.document.defined),
                key=path[-1] == name,
                given=name if sure in self.document.defined else "",
            ),
        )

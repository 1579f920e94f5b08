"""Translates validation errors of pydantic to problems, by a table of its error types."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from modelc.compiler.diagnostics.problem import Label, Path, Suggestion
from modelc.compiler.diagnostics.reporter import Span
from modelc.compiler.language.expressions.deferred import Deferred
from modelc.compiler.language.parser.levels import key_around
from modelc.compiler.language.parser.nesting import fits, several, two_in_one
from modelc.compiler.language.suggestions.foreign_forms import example_of, fed_help, type_form
from modelc.compiler.language.suggestions.hints import WHOLE, bound_hint, padding_hint, scalar_help
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import spelled, synonyms
from modelc.compiler.language.suggestions.suggest import suggest_choice, suggest_value, translated
from modelc.compiler.language.suggestions.wording import article, describe, literal_choices, show, some, spell
from modelc.compiler.library.base.registry import Registry

WANTED = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a string",
    "sizes_type": "an integer or a list of integers",
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

CODES = {
    "extra_forbidden": "E102",
    "missing": "E104",
    "unknown_name": "E101",
    "one_name": "E103",
    **dict.fromkeys((*WANTED, "not_named", "no_primary"), "E105"),
}
"""The codes that findings mostly get, by pydantic's word for them; all others are E106."""


class Finding(NamedTuple):
    """One finding of pydantic: its word for it, and what it is about.

    `name` is the key or argument at `path`, and messages call its value `quoted`. `owner` has it, which has `fields`;
    where that is a thing of a registry, `whose` has its kind and name. `is_last` where `value` is the last part of its
    location.
    """

    kind: str
    message: str
    context: Mapping[str, Any]
    value: Any
    path: Path
    name: str
    quoted: str
    owner: str
    fields: Collection[str]
    whose: Mapping[str, str] | None
    is_last: bool

    @property
    def registry_of_owner(self) -> Registry[Any]:
        """The registry of the thing whose argument it is."""
        from modelc.compiler.library.registries import table_of

        assert self.whose is not None
        return table_of(self.whose["kind"])

    @property
    def registry(self) -> Registry[Any]:
        """The registry that the value should be a thing of."""
        from modelc.compiler.library.registries import table_of

        return table_of(self.context["kind"])


def report_finding(
    reporter: Reporter, item: Mapping[str, Any], base: Path, fields: Collection[str], owner: str
) -> None:
    """Report what pydantic says in `item` about the value at `base`, the section `owner`, unless that is reported
    already.
    """
    from modelc.compiler.library.registries import table_of

    kind, context, loc = item["type"], item.get("ctx", {}), item["loc"]
    if reporter.only_counts(CODES.get(kind, "E106")):
        return
    path: Path = (*base, *loc)
    shown = as_written(reporter, path, len(base))
    if kind not in ("extra_forbidden", "unknown_name") and reporter.in_hole(shown):
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
    value, is_last = item["input"], bool(loc) and loc[-1] == item["input"]
    finding = Finding(kind, item["msg"], context, value, shown, name, quoted, owner, fields, whose, is_last)
    REPORTS.get(kind, out_of_range)(reporter, finding)


def as_written(reporter: Reporter, path: Path, start: int) -> Path:
    """`path` as the text has it: without primary arguments, from `start` on, whose lists or things stand in their place."""
    for place in range(start, len(path) - 1):
        if path[: place + 1] not in reporter.document.values:
            shorter = (*path[:place], *path[place + 1 :])
            is_written = shorter[: place + 1] in reporter.document.values
            return as_written(reporter, shorter, place) if is_written else path
    return path


def unknown_argument(reporter: Reporter, finding: Finding) -> None:
    """Report a key that a section does not have, or an argument that a thing does not have."""
    kind = finding.whose["kind"] if finding.whose is not None else ""
    name, owner, path = finding.name, finding.owner, finding.path
    from modelc.compiler.language.parser.misplaced_arguments import report_misplaced

    # What PyTorch calls so are weights of classes.
    of_classes = name == "weight" and "class_weight" in finding.fields and isinstance(finding.value, list | Mapping)
    if of_classes or not report_misplaced(reporter, path, kind, owner, finding.fields):
        what, instead = "argument" if kind else "key", finding.context.get("instead", "")
        cls = finding.registry_of_owner.find(finding.whose["name"]) if finding.whose is not None else None
        elsewhere = "" if spelled(name, finding.fields) else key_around(reporter, path)
        if of_classes:
            given = finding.value
            weights = dict(given) if isinstance(given, Mapping) else {str(at): one for at, one in enumerate(given)}
            elsewhere = f"write `class_weight: {spell(weights)}`, the weight of each class"
        reporter.unknown(path, name, owner, finding.fields, what=what, instead=instead, cls=cls, elsewhere=elsewhere)


def missing(reporter: Reporter, finding: Finding) -> None:
    name, example = finding.name, example_of(finding.whose)
    if reporter.is_removed("E104", f"the argument `{name}`", finding.path, finding.path[:-1]):
        return
    message = f"{finding.owner} needs the {'argument' if finding.whose is not None else 'key'} `{name}`"
    help = with_missing(reporter, finding) or (f"for example `{example}`" if example else f"add `{name}: ...`")
    if name == "num_segments" and finding.whose is not None:
        from modelc.compiler.language.suggestions.segments import segments_help

        help = segments_help(reporter, finding.path, finding.whose["name"])
    help = of_several(reporter, finding) or help
    reporter.add("E104", message, finding.path[:-1], key=True, label=f"`{name}` is missing", help=help)


def of_several(reporter: Reporter, finding: Finding) -> str:
    """What to write for a layer without its `axis` that is to join several values; empty for all else."""
    from modelc.compiler.language.suggestions.joins import VALUE_BY_VALUE

    node = finding.path[:-1] if finding.path[-3:-2] == ("nodes",) else finding.path[:-2]
    beside = reporter.document.get(node) if node in reporter.document.values else None
    meant = VALUE_BY_VALUE.get(finding.whose["name"]) if finding.whose is not None else None
    if meant is None or not isinstance(beside, Mapping) or not isinstance(beside.get("from"), list):
        return ""
    return f"to do so with several values, element by element, write `{meant}`"


def with_missing(reporter: Reporter, finding: Finding) -> str:
    """The thing as it is written, with the argument that it lacks; empty where it is written without any."""
    path, whose = finding.path[:-1], finding.whose
    given = reporter.document.get(path) if path in reporter.document.values and not reporter.has_hole(path) else None
    if whose is None or given is None or isinstance(given, list) or given == whose["name"] or given == {}:
        return ""
    primary = finding.registry_of_owner.find(whose["name"]).primary
    arguments = given if isinstance(given, Mapping) else {primary: given}
    if not {*arguments} <= {*finding.fields}:
        return ""
    return f"write `{whose['name']}: {spell({**arguments, finding.name: '...'})}`"


def wrong_type(reporter: Reporter, finding: Finding) -> None:
    from modelc.compiler.language.suggestions.repeat_keys import use_for_copies

    wanted, value, path = WANTED[finding.kind], finding.value, finding.path
    found = suggest_value(finding.kind, finding.name, value)
    if isinstance(value, float) and "integer" in wanted and reporter.document.is_computed(path):
        found = Suggestion(value, help=WHOLE)
    if not found.is_safe and (help := variable_help(reporter, finding)):
        found = Suggestion(value, help=help)
    message = f"{finding.quoted} must be {wanted}, got {describe(value, reporter.document.is_quoted(path))}"
    if isinstance(value, list) and (use := use_for_copies(reporter.document, path, value)) is not None:
        # The list is right where it stands: each copy takes one of its values.
        there, at = Label(reporter.document.value(path), "the list"), Span(use.place(), path)
        reporter.report("E105", message, at, label=f"expected {wanted}", help=found.help, related=[there])
        return
    reporter.add("E105", message, path, label=f"expected {wanted}", suggestion=found)


def variable_help(reporter: Reporter, finding: Finding) -> str:
    """What to write for a value that is meant for a variable, or for one of each copy. Empty for all else."""
    from modelc.compiler.language.suggestions.foreign_references import reference_help, size_help
    from modelc.compiler.language.suggestions.repeat_keys import each_copy_help

    document, path, value = reporter.document, finding.path, finding.value
    raw = document.get(path if path in document.values else path[:-1]) if document.is_computed(path) else None
    if isinstance(value, list) and isinstance(raw, Deferred):
        return size_help(raw.shown)
    return each_copy_help(document, path, value) or reference_help(document, path, value)


def out_of_bounds(reporter: Reporter, finding: Finding) -> None:
    key, words = BOUNDS[finding.kind]
    limit, value = finding.context[key], finding.value
    bound = f"{words} {limit:g}" if abs(limit) < 1e6 else f"{words} {limit:.0f}"
    help = bound_hint(finding.kind, finding.name, limit, value)
    message = f"{finding.quoted} must be {bound}, got {show(value)}"
    reporter.add("E106", message, finding.path, label=f"must be {bound}", help=help)


def not_a_choice(reporter: Reporter, finding: Finding) -> None:
    value, choices = finding.value, literal_choices(finding.context["expected"])
    found = suggest_choice(value, choices) if value is not False else Suggestion(value, help="remove it")
    if padding := padding_hint(finding.name, value, finding.fields, (finding.whose or {}).get("name", "")):
        found = Suggestion(value, help=padding)
    elif not found.is_safe and (help := variable_help(reporter, finding)):
        found = Suggestion(value, help=help)
    message = f"{finding.quoted} must be one of {', '.join(f'`{one}`' for one in choices)}, got {describe(value)}"
    reporter.add("E106", message, finding.path, label="not one of the choices", suggestion=found)


def wrong_length(reporter: Reporter, finding: Finding) -> None:
    message = f"{finding.quoted} has the wrong number of values: {finding.message.lower()}"
    reporter.add("E106", message, finding.path, label="wrong length")


def unknown_name(reporter: Reporter, finding: Finding) -> None:
    """Report a name that the registry does not have, unless it is the key of a form such as `{type: he_normal}`."""
    if form := single_form(reporter, finding):
        reporter.type_form(finding.path[:-1], finding.registry, form)
    else:
        reporter.unknown_name(finding.path, finding.registry, str(finding.value))


def single_form(reporter: Reporter, finding: Finding) -> Suggestion | None:
    """What is meant by `{type: he_normal}`, whose only key is no name of the registry."""
    path = finding.path
    if not finding.is_last or path not in reporter.document.values or reporter.is_hole(path):
        return None
    return type_form(finding.registry, {str(finding.value): reporter.document.get(path)}, path[-2])


def not_one_name(reporter: Reporter, finding: Finding) -> None:
    """Report a mapping that does not name exactly one thing."""
    registry, value, whose = finding.registry, finding.value, finding.whose
    if form := type_form(registry, value, finding.path[-1]):
        reporter.type_form(finding.path, registry, form)
    elif not (whose and two_in_one(reporter, finding.path, registry, whose["name"], value)):
        entry = next((one for one in registry if {*registry.find(one).model_fields} == {*value}), "") if whose else ""
        forms = (
            f"write `{entry}: {spell(value)}`"
            if entry
            else f"write `name`, `name: value` or `name: {{argument: value}}`; names: {', '.join(value)}"
        )
        message, label = f"expected exactly one {registry.kind} here, got {len(value)}", f"name one {registry.kind}"
        reporter.add("E103", message, finding.path, key=True, label=label, help=forms if value else ())


OF_A_NUMBER = {"constraint": "max_norm", "initializer": "constant", "regularizer": "l2"}
"""What a bare number stands for, where a thing of a kind is wanted."""


def not_named(reporter: Reporter, finding: Finding) -> None:
    """Report a value that is no name of a thing, and no mapping with one."""
    registry, value, whose = finding.registry, finding.value, finding.whose
    kind = article(registry.kind)
    message = f"expected the name of {kind}, got {describe(value)}"
    note = f"{registry.kind} names: {some(list(registry))}"
    if type(value) is int and registry.kind == "layer" and whose:
        help = f"name the layer inside, such as `{finding.registry_of_owner.find(whose['name']).example}`"
    elif type(value) in (int, float) and registry.kind in OF_A_NUMBER:
        help = f"write `{finding.name}: {{{OF_A_NUMBER[registry.kind]}: {show(value)}}}`"
    else:
        help = (
            "to have none, remove the key"
            if value is None
            else several(value, registry.kind, finding.whose, finding.path)
        )
    reporter.add("E105", message, finding.path, label=f"expected {kind}", help=help, note=note)


def no_primary(reporter: Reporter, finding: Finding) -> None:
    """Report a bare value for a thing that takes its arguments by name, or takes none."""
    table, name, value, path = finding.registry, finding.context["name"], finding.value, finding.path
    fields = table.find(name).model_fields
    if not fields:
        takes_nothing(reporter, path, table, name, value)
        return
    required = [argument for argument, info in fields.items() if info.is_required()]
    taking = next((argument for argument in required or fields if fits(table, name, argument, value, required)), "")
    others = [f"{argument}: ..." for argument in required if argument != taking]
    given = f"`{name}: {{{', '.join([f'{taking}: {show(value)}', *others])}}}`"
    help = "" if required else f"write only `{name}`"
    foreign = table.find(name).foreign_value
    if foreign is not None and all(type(one) is foreign[0] for one in (value if isinstance(value, list) else [value])):
        help = f"write only `{name}`: {foreign[1]}"
    elif taking:
        help = f"{help}, or name the argument, such as {given}" if help else f"write {given}"
    help = fed_help(table, name, value) or scalar_help(name, value) or help
    message = f"`{name}` takes no bare value, got {describe(value)}"
    note = f"arguments of `{name}`: {some(list(fields), name)}"
    reporter.add("E105", message, path, label="name the argument for this value", help=help, note=note)


def takes_nothing(reporter: Reporter, path: Path, table: Registry[Any], name: str, arguments: Any) -> None:
    """Report arguments of a thing that takes none; something else may be called like it elsewhere."""
    other = next((entry for entry in synonyms(name, table) if entry != name), None)
    help = fed_help(table, name, arguments) or f"write `{name}`"
    if other:
        help = f"did you mean `{translated(table, other, arguments)}`?"
    message, key = f"`{name}` takes no arguments, got {describe(arguments)}", isinstance(arguments, Mapping)
    reporter.add("E105", message, path, key=key, label="takes no arguments", help=help)


def out_of_range(reporter: Reporter, finding: Finding) -> None:
    """Report what a validator of our own refused, in its words."""
    message = finding.message.removeprefix("Value error, ")
    label = finding.context.get("label", "wrong length" if finding.kind == "wrong_count" else "out of range")
    help = finding.context.get("help", "") or (
        variable_help(reporter, finding) if finding.kind == "wrong_count" else ""
    )
    if not help and isinstance(finding.value, str):
        help = suggest_value("float_type", finding.name, finding.value).help
    reporter.add("E106", f"{finding.quoted}: {message[:1].lower()}{message[1:]}", finding.path, label=label, help=help)


Report = Callable[[Reporter, Finding], None]
REPORTS: Mapping[str, Report] = {
    "extra_forbidden": unknown_argument,
    "missing": missing,
    **dict.fromkeys(WANTED, wrong_type),
    **dict.fromkeys(BOUNDS, out_of_bounds),
    "literal_error": not_a_choice,
    **dict.fromkeys(("missing_argument", "too_short", "too_long"), wrong_length),
    "unknown_name": unknown_name,
    "one_name": not_one_name,
    "not_named": not_named,
    "no_primary": no_primary,
}
"""What reports a finding, by pydantic's word for it; those that are not here are `out_of_range`."""

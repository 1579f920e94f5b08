"""Translates validation errors of pydantic to problems, by a table of its error types."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from modelc.compiler.diagnostics.problem import Label, Path, Suggestion
from modelc.compiler.diagnostics.reporter import Span
from modelc.compiler.language.parser.bare_values import no_primary, not_named
from modelc.compiler.language.parser.levels import key_around
from modelc.compiler.language.parser.nesting import two_in_one
from modelc.compiler.language.suggestions.foreign_forms import example_of, type_form
from modelc.compiler.language.suggestions.hints import bound_hint, padding_hint
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.schedule_names import by_steps
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.suggest import suggest_choice, suggest_value
from modelc.compiler.language.suggestions.wording import describe, literal_choices, show, spell
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
        is_known = spelled(name, finding.fields) or (cls is not None and cls.foreign_argument(name))
        elsewhere = "" if is_known else key_around(reporter, path)
        elsewhere = elsewhere or edges_of_pooling(reporter, finding) or stack_of(reporter, finding)
        if of_classes:
            given = finding.value
            weights = dict(given) if isinstance(given, Mapping) else {str(at): one for at, one in enumerate(given)}
            elsewhere = f"write `class_weight: {spell(weights)}`, the weight of each class"
        reporter.unknown(path, name, owner, finding.fields, what=what, instead=instead, cls=cls, elsewhere=elsewhere)


def edges_of_pooling(reporter: Reporter, finding: Finding) -> str:
    """What to write for an argument of PyTorch's pooling at the finding that says what becomes of the edges; empty for others."""
    if finding.whose is None or "pool_size" not in finding.fields:
        return ""
    from modelc.compiler.language.suggestions.pooling import edges_help

    given, is_node = arguments_around(reporter, finding)
    return edges_help(finding.whose["name"], finding.name, given, is_node)


def stack_of(reporter: Reporter, finding: Finding) -> str:
    """What to write for an argument of PyTorch's recurrent layers at the finding that says how many they are; empty for others."""
    if finding.whose is None or "return_sequences" not in finding.fields:
        return ""
    from modelc.compiler.language.suggestions.recurrent_stacks import STACKED, stack_help

    given, is_node = arguments_around(reporter, finding)
    if "bidirectional" in finding.path[-4:-2]:
        # Of PyTorch's, each layer runs in both directions.
        is_node = "nodes" in finding.path[-6:-4]
        help = stack_help(finding.whose["name"], {**given, "bidirectional": True}, is_node)
        return f"in place of the whole, {help}" if help else ""
    return stack_help(finding.whose["name"], given, is_node) if finding.name in STACKED else ""


def arguments_around(reporter: Reporter, finding: Finding) -> tuple[Mapping[str, Any], bool]:
    """The arguments among which the one of the finding stands, and whether they are those of the one layer of a node."""
    around = finding.path[:-1]
    given = reporter.document.get(around) if around in reporter.document.values else None
    return given if isinstance(given, Mapping) else {}, around[-3:-2] == ("nodes",)


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
    from modelc.compiler.language.parser.value_helps import expression_at, number_help, variable_help, whole_help
    from modelc.compiler.language.suggestions.repeat_keys import use_for_copies

    wanted, value, path = WANTED[finding.kind], finding.value, finding.path
    found = suggest_value(finding.kind, finding.name, value)
    if isinstance(value, float) and "integer" in wanted and reporter.document.is_computed(path):
        found = Suggestion(value, help=whole_help(expression_at(reporter.document, path), value))
    if not found.is_safe and (help := variable_help(reporter.document, path, value, finding.kind)):
        found = Suggestion(value, help=help)
    if not found.help:
        found = Suggestion(value, help=number_help(reporter.document, finding.kind, path, value))
    message = f"{finding.quoted} must be {wanted}, got {describe(value, reporter.document.is_quoted(path))}"
    if isinstance(value, list) and (use := use_for_copies(reporter.document, path, value)) is not None:
        # The list is right where it stands: each copy takes one of its values.
        there, at = Label(reporter.document.value(path), "the list"), Span(use.place(), path)
        reporter.report("E105", message, at, label=f"expected {wanted}", help=found.help, related=[there])
        return
    reporter.add("E105", message, path, label=f"expected {wanted}", suggestion=found)


def out_of_bounds(reporter: Reporter, finding: Finding) -> None:
    from modelc.compiler.language.parser.value_helps import expression_at, rounded_help, value_note

    key, words = BOUNDS[finding.kind]
    limit, value = finding.context[key], finding.value
    bound = f"{words} {limit:g}" if abs(limit) < 1e6 else f"{words} {limit:.0f}"
    help = bound_hint(finding.kind, finding.name, limit, value)
    help = help or rounded_help(expression_at(reporter.document, finding.path), limit, value)
    message = f"{finding.quoted} must be {bound}, got {show(value)}"
    note = value_note(reporter.document, finding.path, show(value)) or ()
    reporter.add("E106", message, finding.path, label=f"must be {bound}", help=help, note=note)


def not_a_choice(reporter: Reporter, finding: Finding) -> None:
    from modelc.compiler.language.parser.value_helps import variable_help

    value, choices = finding.value, literal_choices(finding.context["expected"])
    found = suggest_choice(value, choices) if value is not False else Suggestion(value, help="remove it")
    layer = (finding.whose or {}).get("name", "")
    if padding := edges_of_pooling(reporter, finding) or padding_hint(finding.name, value, layer):
        found = Suggestion(value, help=padding)
    elif not found.is_safe and (help := variable_help(reporter.document, finding.path, value)):
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
        forms = by_steps(value) if registry.kind == "schedule" else ""
        forms = forms or (
            f"write `{entry}: {spell(value)}`"
            if entry
            else f"write `name`, `name: value` or `name: {{argument: value}}`; names: {', '.join(value)}"
        )
        message, label = f"expected exactly one {registry.kind} here, got {len(value)}", f"name one {registry.kind}"
        reporter.add("E103", message, finding.path, key=True, label=label, help=forms if value else ())


def out_of_range(reporter: Reporter, finding: Finding) -> None:
    """Report what a validator of our own refused, in its words."""
    from modelc.compiler.language.parser.value_helps import variable_help

    message = finding.message.removeprefix("Value error, ")
    label = finding.context.get("label", "wrong length" if finding.kind == "wrong_count" else "out of range")
    help = finding.context.get("help", "") or (
        variable_help(reporter.document, finding.path, finding.value) if finding.kind == "wrong_count" else ""
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

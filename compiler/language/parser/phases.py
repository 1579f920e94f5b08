"""Parses the phases of a training: what each says otherwise than `train`."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.parser.named_item import value_of
from modelc.compiler.language.parser.settings import settings_of
from modelc.compiler.language.phases import PhaseSpec
from modelc.compiler.language.settings import Settings
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.train_grammar import HOW_LONG
from modelc.compiler.library.base.registry import Registered
from modelc.compiler.library.contracts.optimizer import Optimizer


def read_phases(
    reporter: Reporter, found: Sequence[Mapping[str, Any] | None], optimizer: Any, settings: Settings, path: Path
) -> tuple[PhaseSpec, ...]:
    """The phases at `path` that could be read, by the `optimizer` and the `settings` of `train`."""
    phases: list[PhaseSpec] = []
    named: dict[str, Path] = {}
    for index, section in enumerate(found):
        at = (*path, index)
        if section is None or section.get("name") is None or not any(section.get(key) for key in HOW_LONG):
            continue
        name = section["name"]
        if name in named:
            related = [(named[name], "first occurrence")]
            message = f"duplicate name `{name}` of a phase"
            reporter.add("E110", message, (*at, "name"), label="second occurrence", related=related)
        named.setdefault(name, (*at, "name"))
        from_best = section.get("from") == "best"
        if from_best and not index:
            message, help = "the first phase has no weights before it", "remove `from`"
            reporter.add("E108", message, (*at, "from"), label="nothing is best yet", help=help)
        own = value_of(section.get("optimizer")) if "optimizer" in section else optimizer
        if "optimizer" in section and isinstance(own, Optimizer) and isinstance(optimizer, Optimizer):
            own = merged_optimizer(reporter, optimizer, own, (*at, "optimizer"))
        section = {**section, **switched_off(reporter.document.get(at))}
        phase = settings_of(section, settings)
        phases.append(PhaseSpec(name, own, phase, frozenset(section), at, from_best))
    return tuple(phases)


def switched_off(raw: Any) -> dict[str, None]:
    """What a phase says that it is without. Elsewhere a key without a value says nothing; here it is otherwise than in `train`."""
    key = "early_stopping"
    return {key: None} if isinstance(raw, Mapping) and key in raw and raw[key] is None else {}


def merged_optimizer(reporter: Reporter, base: Optimizer, own: Optimizer, at: Path) -> Optimizer | None:
    """The optimizer of a phase: as in `extends`, of the same one its arguments win, another one replaces it."""
    try:
        found = merged(base, own)
    except ValidationError as error:
        message = f"with the arguments of the optimizer of `train`: {error.errors()[0]['msg']}"
        reporter.add("E106", message, at, key=True, label="does not fit", help="write all of its arguments")
        return None
    assert isinstance(found, Optimizer)
    return found


def merged(base: Any, own: Any) -> Any:
    """`own`, with the arguments of `base` that it leaves out, where the two are of one kind; in them too.

    Raises ValidationError for arguments that do not go together.
    """
    if type(base) is not type(own) or not isinstance(own, Registered):
        return own
    given = {name: getattr(base, name) for name in base.model_fields_set}
    given |= {name: merged(given.get(name), getattr(own, name)) for name in own.model_fields_set}
    return type(own).model_validate(given)

"""Parses YAML to PyYAML's events. Nothing is constructed, so tags cannot name classes and aliases cost nothing."""

from collections.abc import Iterator

import yaml
from yaml.events import ScalarEvent

from modelc.compiler.diagnostics.problem import Label, Problem
from modelc.compiler.syntax.alias_expansion import over_depth
from modelc.compiler.syntax.positions import At, ParserEvent, Unreadable, place
from modelc.compiler.syntax.scalars import shorten

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it, for it is ten times faster."""


def yaml_events(text: str, file: str) -> Iterator[ParserEvent]:
    """The parser events of `text`. Raises `Unreadable` at a syntax error."""
    last: ParserEvent | None = None
    try:
        for event in yaml.parse(text, Loader=LOADER):
            if type(event) is ScalarEvent and event.value:
                last = event
            yield event
    except yaml.MarkedYAMLError as error:
        # The scanner looks ahead of the events, and has a limit of its own since libyaml 0.2.6.
        if error.problem_mark is not None and "nesting depth" in (error.problem or ""):
            raise over_depth(file, error.problem_mark) from None
        from modelc.compiler.syntax.yaml_errors import Explainer

        raise Unreadable(Explainer(text, file, error, last, LOADER).explain()) from None
    except yaml.YAMLError as error:
        label = Label(place(file, At(0, 0)))
        raise Unreadable(Problem("E002", "not valid YAML", label, notes=(shorten(str(error), 200),))) from None

"""What stands for the schedules of others that are not there, and for rates by their steps."""

from collections.abc import Mapping
from typing import Any

CYCLIC = "not there: `one_cycle` rises and falls once, `cosine_restarts` falls again and again"
IN_SEQUENCE = "every schedule begins with a warm-up where `warmup_steps` says so; others follow one another in `phases`, each of which has its own"
NO_FUNCTION = "a spec has no function of the step: `piecewise` has a rate for each part of the run"
ABSENT = {
    **dict.fromkeys(("cyclic", "cyclical", "cycliclr", "exprange", "triangular", "triangular2"), CYCLIC),
    **dict.fromkeys(
        ("chained", "chainedscheduler", "joinschedules", "sequence", "sequential", "sequentiallr"), IN_SEQUENCE
    ),
    **dict.fromkeys(("custom", "function", "lambda", "lambdalr", "multiplicativelr"), NO_FUNCTION),
}
"""By name, without case and separators."""


def by_steps(value: Mapping[Any, Any]) -> str:
    """How rates are written that stand beside the steps they begin at, `{0: 0.1, 1000: 0.01}`; empty for all else."""
    steps = [str(step) for step in value]
    if len(steps) < 2 or not all(step.isdecimal() for step in steps) or int(steps[0]):
        return ""
    boundaries = ", ".join(str(int(step) - 1) for step in steps[1:])
    rates = ", ".join(str(rate) for rate in value.values())
    return f"write `piecewise: {{boundaries: [{boundaries}], values: [{rates}]}}`, with the last step of each rate but the last"

"""The baselines of a run, which its record keeps, by the rows that they were scored on."""

from collections.abc import Mapping, Sequence

from modelc.runtime.baselines.baseline import Baseline
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_record import KeptBaseline


def as_kept(found: Mapping[str, Sequence[Baseline]]) -> dict[str, list[KeptBaseline]]:
    """Baselines as a record has them."""
    return {
        key: [KeptBaseline(name=one.name, values=dict(one.values), rows=one.rows) for one in scored]
        for key, scored in found.items()
    }


def kept_baselines(run: Run, split: str) -> list[Baseline] | None:
    """The baselines of `run` on the rows of `split`; None where it has not kept any."""
    kept = run.record.baselines.get(split)
    return None if kept is None else [Baseline(one.name, one.values, one.rows) for one in kept]

"""What stands for keys about windows as other libraries write them: `lookback: 24`, `sequence_length: 10`."""

from collections.abc import Callable, Mapping
from typing import Any

from modelc.compiler.library.base.registry import fold

WORDS = {
    "context": (
        "context_length", "encoder_length", "history", "history_length", "input_chunk_length", "input_width", "input_window",
        "lag", "lags", "lookback", "lookback_window", "look_back", "max_encoder_length", "n_lags", "num_lags", "past_length",
        "seq_len", "seq_length", "sequence_length", "sliding_window", "sliding_windows", "time_steps", "window", "window_length",
        "window_size", "windowing",
    ),
    "horizon": (
        "forecast_horizon", "label_width", "lookahead", "look_ahead", "max_prediction_length", "output_chunk_length",
        "output_width", "pred_len", "prediction_horizon", "prediction_length", "steps_ahead",
    ),
    "stride": ("sequence_stride", "window_shift", "window_step", "window_stride"),
    "group_by": ("entity", "entity_column", "group_ids", "id_column", "item_id", "series", "series_id", "unique_id"),
    "time": ("date_column", "time_column", "time_idx", "time_index", "timestamp", "timestamp_column"),
    "freq": ("frequency",),
    "gaps": ("allow_missing_timesteps", "fill_gaps", "fill_missing_dates", "fillna", "gap", "missing_timesteps"),
}  # fmt: skip
"""The keys of `windows`, each with what Keras, Darts, GluonTS and PyTorch Forecasting call it."""
OTHERS = {
    "samplingrate": "remove it: a context is rows that follow one another; leave rows out of the file for fewer of them",
    "asfreq": "write `freq: 1d` inside `windows`, beside `time`",
}
ELSEWHERE = ("entity", "frequency", "history", "series", "timestamp")
"""Words that mean a part of windows only inside of them."""
KEYS = {fold(word): key for key, words in WORDS.items() for word in (key, *words) if word not in ELSEWHERE}
WINDOW_WORDS = frozenset({*KEYS, *OTHERS}) - {fold(key) for key in ("group_by", "time")}
"""All words for windows that stand in `data` for them, without case and separators."""


def as_window(word: str) -> Callable[[Any, Mapping[str, Any]], str]:
    """How a word for a part of windows, one of `WINDOW_WORDS`, is written with its value."""
    return lambda value, spec: OTHERS.get(word) or written_inside(KEYS[word], value, spec.get("data"))


def written_inside(key: str, value: Any, data: Any) -> str:
    """How the `key` of windows is written with a value that stands under another word in `data`, and what else stands there so."""
    from modelc.compiler.language.suggestions.wording import spell

    if isinstance(value, Mapping) and {KEYS.get(fold(str(name))) for name in value} >= {"context", "horizon"}:
        return f"write `windows: {spell({KEYS.get(fold(str(name)), str(name)): one for name, one in value.items()})}`"
    if isinstance(value, Mapping):
        return "write `windows: {context: 72, horizon: 24}`, with `time` and `group_by` for the columns of series"
    beside = data if isinstance(data, Mapping) else {}
    stated = {KEYS[word]: one for name, one in beside.items() if (word := fold(str(name))) in KEYS} | {key: value}
    known = {
        name: one
        for name, one in stated.items()
        if (type(one) is int if name in ("context", "horizon", "stride") else isinstance(one, str))
    }
    order = ("context", "horizon", "stride", "time", "group_by", "freq")
    given = {"context": 72, "horizon": 1} | known
    written = ", ".join(f"{name}: {given[name]}" for name in order if name in given)
    if "gaps" in stated:
        written += ", time: COLUMN" * ("time" not in given) + ", gaps: {fill: previous, limit: 6}"
    return f"write it inside `windows`: `windows: {{{written}}}`"

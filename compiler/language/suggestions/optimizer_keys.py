"""What to write where an optimizer has several keys that stand elsewhere here, or keys beside it belong in it: a warm-up, a schedule,
`weight_decay`, callbacks. One text for all of them, so that no help drops what another keeps.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from modelc.compiler.language.suggestions.foreign_keys import LONGEST, as_several_callbacks
from modelc.compiler.language.suggestions.lookups import lookups
from modelc.compiler.language.suggestions.schedule_words import schedule_written
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.stopping_words import as_patience
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.updates import UPDATES, beside_optimizer
from modelc.compiler.language.suggestions.wording import flow, in_line, spell
from modelc.compiler.language.suggestions.wrong_kinds import mapping_in
from modelc.compiler.library.base.registry import fold
from modelc.compiler.library.optimizers import OPTIMIZERS
from modelc.compiler.library.schedules import SCHEDULES

TYPE_KEYS = ("type", "class_name", "optimizer", "name", "_target_", "class", "class_path", "@optimizers")
OTHER_WARMUP = ("warmupepochs", "warmupfraction", "warmupratio")
WARMUP = ("numwarmupsteps", "warmup", "warmupsteps", *OTHER_WARMUP)
SCHEDULE = (
    "learningrateschedule", "learningratescheduler", "lrschedule", "lrscheduler", "lrschedulertype", "schedule", "scheduler", "schedulername", "schedulertype",
)  # fmt: skip
OF_SCHEDULE = tuple(f"{word}{rest}" for word in SCHEDULE for rest in ("args", "config", "kwargs", "params"))
ARGUMENTS = (
    "args",
    "arguments",
    "config",
    "initargs",
    "kwargs",
    "optimargs",
    "optimizerargs",
    "optimizerconfig",
    "optimizerkwargs",
    "optimizerparams",
    "params",
)
"""What has the arguments of the optimizer in it, where its name stands elsewhere."""
DECAY = ("weightdecay",)
STOPPING = ("earlystopping", "patience")
CALLBACKS = ("callbacks",)
USUAL = ("adam", "adamw", "sgd")
"""Optimizers that arguments without a name may be of."""
MOVED = (*WARMUP, *SCHEDULE, *OF_SCHEDULE, *DECAY, *STOPPING, *CALLBACKS, *UPDATES)
"""Keys, without case and separators, that are not written where they stand."""


def optimizer_help(spec: Mapping[str, Any], key: str, is_inside: bool) -> str:
    """What to write for the optimizer of a spec where `key` is one of several that are written elsewhere, or in it; or where it is
    the only one, `is_inside` the optimizer, and nothing else is known of it. Empty for all else.
    """
    found = lookups().once(("optimizer", id(spec)), lambda: (spec, Written.of(spec)))[1]
    if found is None or fold(key) not in found.told:
        return ""
    if len(found.told) > 1 or found.is_form or fold(key) in ARGUMENTS:
        return found.text(spec)
    # A schedule in the notation of specs need only be moved.
    is_moved = fold(key) in SCHEDULE and is_schedule(found.given(SCHEDULE))
    is_known = is_inside and fold(key) in (*WARMUP, *SCHEDULE, *CALLBACKS) and not is_moved
    return found.text(spec) if is_known else ""


def with_name(spec: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """An optimizer that has all of these `arguments`, as it is written with them: that of `train` in the spec, or a usual one. Empty
    where they are no arguments of such.
    """
    whole = mapping_in(spec, "train").get("optimizer")
    own = whole if isinstance(whole, str) else next(iter(whole), "") if isinstance(whole, Mapping) else ""
    for name in (own, *USUAL):
        if name in OPTIMIZERS:
            fields = OPTIMIZERS.find(name).model_fields
            given = {spelled(str(key), fields) or "": value for key, value in arguments.items()}
            if "" not in given and len(given) == len(arguments):
                return f"optimizer: {{{name}: {spell(given)}}}"
    return ""


def is_schedule(value: Any) -> bool:
    """Whether a value is a schedule in the notation of specs."""
    try:
        SCHEDULES.build(value)
    except ValidationError:
        return False
    return True


def form_help(spec: Mapping[str, Any]) -> str:
    """What to write for an optimizer in a list or with its name as a value, if it has keys that are written otherwise or is a
    list; empty for all else.
    """
    found = Written.of(spec)
    is_list = isinstance(mapping_in(spec, "train").get("optimizer"), list)
    return found.text(spec) if found is not None and (found.moved or is_list) else ""


class Written:
    """An optimizer as it is written, with all that stands in it and beside it: its name, its own arguments, and what is meant by
    the keys that it does not have. `told` are those that are unknown where they stand, `notes` what is to be said of those that are nowhere here.
    """

    def __init__(self, name: str, is_form: bool) -> None:
        self.name = name
        self.is_form = is_form
        self.arguments: dict[str, Any] = {}
        self.moved: dict[str, Any] = {}
        self.told: set[str] = set()
        self.notes: list[str] = []

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "Written | None":
        """The optimizer of a spec; None where there is none that can be told."""
        train = mapping_in(spec, "train")
        entries = dict(entries_of(train.get("optimizer")))
        named = next((key for key in entries if key in OPTIMIZERS), "")
        typed = next((key for key in TYPE_KEYS if not named and isinstance(entries.get(key), str)), "")
        name = named or (suggest(entries[typed], OPTIMIZERS).new if typed else "")
        if not name:
            return None
        found = cls(name, bool(typed) or isinstance(train.get("optimizer"), list))
        given = entries.pop(typed or named)
        fields, primary = OPTIMIZERS.find(name).model_fields, OPTIMIZERS.find(name).primary
        bare = {primary: given} if named and given is not None else {}
        for key, value in (given if isinstance(given, Mapping) else bare).items():
            found.take(str(key), value, key not in fields, is_outside=False)
        for key, value in entries.items():
            found.take(str(key), value, True)
        # At the top level and in the section stand arguments too.
        for key, value in {**spec, **train}.items():
            if fold(key) in (*WARMUP, *SCHEDULE, *OF_SCHEDULE, *ARGUMENTS, *DECAY, *CALLBACKS) or spelled(key, fields):
                found.take(key, value, True)
        return found

    def take(self, key: str, value: Any, is_told: bool, is_outside: bool = True) -> None:
        """Take one key with its value, which is unknown where it stands if `is_told`, and stands among the
        arguments unless it `is_outside`.
        """
        optimizer = OPTIMIZERS.find(self.name)
        right = spelled(key, optimizer.model_fields)
        if fold(key) == "betas" and isinstance(value, list):
            self.arguments.update(zip(("beta_1", "beta_2"), value, strict=False))
        elif right is not None and fold(key) not in STOPPING:
            self.arguments.setdefault(right, value)
        elif fold(key) in ARGUMENTS and isinstance(value, Mapping):
            for inner, one in value.items():
                self.take(str(inner), one, False)
        elif fold(key) in MOVED:
            self.moved.setdefault(fold(key), value)
        else:
            told = optimizer.foreign_argument(key.lower()).replace("{value}", flow(value))
            self.notes += [f"for `{key}`: {told}"] if told else []
            return
        # What is another word for an argument has its own help, which keeps all others.
        is_own = is_outside or fold(key) in (*self.moved, *ARGUMENTS)
        self.told |= {fold(key)} if is_told and is_own else set()

    def given(self, words: tuple[str, ...]) -> Any:
        """The value of the first of the keys `words`; None where there is none."""
        return next((self.moved[word] for word in words if word in self.moved), None)

    def given_schedule(self) -> Any:
        """The schedule as it is given, with its arguments where these stand beside it."""
        word, arguments = self.given(SCHEDULE), self.given(OF_SCHEDULE)
        return {word: arguments} if isinstance(word, str) and isinstance(arguments, Mapping) else word

    def text(self, spec: Mapping[str, Any]) -> str:
        """What to write for all of it."""
        name, arguments, notes = self.name, dict(self.arguments), [*self.notes]
        decay = self.given(DECAY)
        if decay is not None and name == "adam":
            name, arguments["weight_decay"] = "adamw", decay
            told = OPTIMIZERS.find(self.name).foreign_argument("weight_decay").replace("{value}", str(decay))
            notes.append(told.replace(": write `adamw` for `adam`", ""))
        elif decay is not None:
            told = OPTIMIZERS.find(name).foreign_argument("weight_decay").replace("{value}", str(decay))
            notes.append(f"for `weight_decay`: {told}")
        if self.given(WARMUP) is not None or self.given(SCHEDULE) is not None:
            primary = OPTIMIZERS.find(name).primary or "learning_rate"
            field = OPTIMIZERS.find(name).model_fields[primary]
            rate = arguments.pop(primary, "RATE" if field.is_required() else field.default)
            arguments = {primary: self.schedule(rate), **arguments}
            notes += self.of_schedule(arguments[primary])
            if "cosine" in arguments[primary] and self.given(SCHEDULE) is None and not isinstance(rate, Mapping):
                notes.append("`cosine` also lowers the rate after the warm-up")
        thing = f"{{{name}: {in_line(arguments, LONGEST)}}}" if arguments else name
        return "; ".join((f"write `optimizer: {thing}`", *self.beside(spec), *notes))

    def of_schedule(self, schedule: Mapping[str, Any]) -> Iterator[str]:
        """What is to be said of the schedule: what its arguments are here, and how a warm-up is counted."""
        yield from schedule_written(self.given_schedule(), None)[2]
        ((kind, _),) = schedule.items()
        for word in self.moved:
            if word in OTHER_WARMUP or (word in WARMUP and "warmup_steps" not in SCHEDULES.find(kind).model_fields):
                told = SCHEDULES.find(kind).foreign_argument(word if word in OTHER_WARMUP else "warmup_steps")
                yield told.replace("{value}", str(self.moved[word]))

    def schedule(self, rate: Any) -> dict[str, Any]:
        """The schedule of the learning rate, which is `rate` without one."""
        warmup = self.given(WARMUP)
        kind, arguments, _ = schedule_written(self.given_schedule(), rate, OPTIMIZERS.find(self.name).usual_schedule)
        if isinstance(rate, Mapping) and len(rate) == 1:
            ((kind, given),) = rate.items()
            arguments = dict(given) if isinstance(given, Mapping) else {"learning_rate": given}
        if warmup is not None and "warmup_steps" in SCHEDULES.find(kind).model_fields:
            is_steps = type(warmup) is int and not any(word in self.moved for word in OTHER_WARMUP)
            arguments.setdefault("warmup_steps", warmup if is_steps else "STEPS")
        return {kind: arguments["learning_rate"] if [*arguments] == ["learning_rate"] else arguments}

    def beside(self, spec: Mapping[str, Any]) -> Iterator[str]:
        """What stands beside the optimizer, for what is written in it."""
        stopping, callbacks = self.given(STOPPING), self.given(CALLBACKS)
        yield from beside_optimizer(self.moved)
        if stopping is not None:
            is_told = isinstance(stopping, Mapping)
            yield (
                as_patience("early_stopping", stopping, spec)
                if is_told
                else f"beside it, write `early_stopping: {stopping}`"
            )
        for text in as_several_callbacks(callbacks, spec).split("\n") if callbacks is not None else ():
            # There is one optimizer to write, which is written already.
            yield f"beside it, {text}" if text.startswith("write") else text.partition(": `optimizer")[0]


def entries_of(raw: Any) -> Iterator[tuple[str, Any]]:
    """The keys of a thing with their values: of a name, a mapping, or a list of both."""
    if isinstance(raw, str):
        yield raw, None
    elif isinstance(raw, Mapping):
        yield from raw.items()
    elif isinstance(raw, list):
        for item in raw:
            if isinstance(item, str | Mapping):
                yield from entries_of(item)

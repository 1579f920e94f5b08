"""Several processes that train together: how they find each other, what they agree on, and what the loss of one is.

They run the same program on the devices of all of them, by jax.distributed. The first one alone writes and prints.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.training.rendezvous import Tell, meet

Copy = TypeVar("Copy")
HEARTBEAT = 10
"""Seconds without a sign of life after which a process is taken for lost: jax waits for a hundred, in which nothing is computed."""
START = 120
"""Seconds in which all processes have to be there."""
AGAIN = (
    "start all processes again with `--resume RUN`, also with another number of them",
    "or go on in one, on the devices that it has: `modelc train --resume RUN --devices all`",
)


@dataclass(frozen=True, slots=True)
class Processes:
    """Which process of how many this is, and where the first one listens; None for what jax finds on a cluster."""

    coordinator: str | None = None
    count: int | None = None
    index: int | None = None


def join(processes: Processes, tell: Tell = lambda waiting: None) -> None:
    """Connect this process with the others; `tell` is told what is waited for. Must run before jax starts a device.

    Raises RunError E507.
    """
    import jax

    if processes.coordinator is not None:
        assert processes.index is not None and processes.count is not None
        meet(processes.coordinator, processes.index, processes.count, START, tell)
    # Else jax takes SIGTERM away from who handles it, to tell the other processes of it, and nothing stops.
    jax.config.update("jax_enable_preemption_service", False)  # type: ignore[no-untyped-call]  # untyped in jax
    try:
        jax.distributed.initialize(
            processes.coordinator,
            processes.count,
            processes.index,
            heartbeat_timeout_seconds=HEARTBEAT,
            initialization_timeout=START,
        )
    except (ValueError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0]
        helps = (
            f"start all {processes.count} processes within {START} s, each with its own `--process`, and let them reach "
            f"`{processes.coordinator}`"
            if processes.coordinator
            else "say where the processes are: `--coordinator HOST:PORT --processes N --process I`",
        )
        raise RunError(
            "E507", "the processes of a training cannot find each other", notes=(reason,), helps=helps
        ) from None


def is_first() -> bool:
    """Whether this is the process that writes and prints: the only one, mostly."""
    import jax

    return jax.process_index() == 0


def are_several() -> bool:
    import jax

    count: int = jax.process_count()
    return count > 1


def agreed(flag: bool) -> bool:
    """Whether any process says so. All have to ask, at the same point."""
    if not are_several():
        return flag
    import numpy as np
    from jax.experimental.multihost_utils import process_allgather

    found: Any = process_allgather(np.asarray(flag))
    return bool(found.any())


def taken_by_all(copy: Callable[[], Copy]) -> Callable[[], Copy]:
    """`copy`, which copies arrays to the host: all processes take part in that, whichever of them asks for it later."""
    if not are_several():
        return copy
    found = copy()
    return lambda: found


def need_same(facts: Mapping[str, object]) -> None:
    """Raise RunError E507, in every process, unless all have the same `facts`, by what they are about."""
    if not are_several():
        return
    import numpy as np
    from jax.experimental.multihost_utils import process_allgather

    texts = [json.dumps(fact, sort_keys=True, default=repr) for fact in facts.values()]
    digests = [sha256(text.encode()).digest()[:8] for text in texts]
    own = np.frombuffer(b"".join(digests), np.uint32).reshape(len(digests), 2)
    found = process_allgather(own)
    others = [name for place, name in enumerate(facts) if (found[:, place] != found[0, place]).any()]
    if others:
        *most, last = others
        names = f"{', '.join(most)} and {last}" if most else last
        # Some facts are several things: columns, versions, processors.
        differ = "differ" if most or last.endswith("s") else "differs"
        raise RunError(
            "E507",
            f"the processes do not train the same: {names} {differ} between them",
            helps=("give all of them the same command, files and versions",),
        )


def lost(reason: str) -> RunError:
    """RunError E507 for what the device of this process fails at where it waits for those of the others."""
    message = "another process of this training has ended, or cannot be reached"
    return RunError("E507", message, notes=(reason,), helps=AGAIN)

"""Configures and starts jax for a command, and says what its device fails at. Must run before jax is imported."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import cache_folder
from modelc.runtime.training.compilation_cache import FOLDER
from modelc.runtime.training.processes import Processes, are_several, join, lost
from modelc.runtime.training.rendezvous import Tell

if TYPE_CHECKING:
    from modelc.runtime.training.fitting_batch import Room

LEAST_SECONDS = 0.1
"""Programs that compile faster are not worth a file."""
SETTINGS: dict[str, object] = {
    "jax_enable_x64": False,
    "jax_disable_jit": False,
    "jax_no_execution": False,
    "jax_no_tracing": False,
    "jax_debug_nans": False,
    "jax_debug_infs": False,
    "jax_numpy_rank_promotion": "allow",
    "jax_numpy_dtype_promotion": "standard",
    "jax_threefry_partitionable": True,
    "jax_transfer_guard_host_to_device": "allow",
    "jax_transfer_guard_device_to_host": "allow",
    "jax_transfer_guard_device_to_device": "allow",
    # Last, as it sets the three before it.
    "jax_transfer_guard": "allow",
}
"""The options of jax that the numbers of modelc are made with: others would change these, or refuse to compute them.

NaN is looked for after each step anyway, and marks layers that are not fitted yet.
"""
PROBE = "from jaxlib import xla_client; xla_client.make_cpu_client()"
LOST = ("Gloo", "gloo", "Connection", "heartbeat", "coordination", "NCCL")
"""Words of what is raised where a device waits for those of another process that has ended."""
DEVICE_FAILURES = ("INTERNAL", "UNAVAILABLE", "ABORTED", "DATA_LOSS", "UNKNOWN", "FAILED_PRECONDITION", "NOT_FOUND")
"""What the runtime of a device calls its own failures; other words are about what it was asked to do."""


def prepare(processes: Processes | None = None, tell: Tell = lambda waiting: None) -> tuple[str, ...]:
    """Configure jax, join other `processes` where there are such, and start the device, once, before the first computation.

    Compiled programs are cached in `jax` below the cache folder, unless `MODELC_COMPILATION_CACHE` is `off` or the user
    has configured another folder. If the folder cannot be created, programs are compiled each time. `tell` is told what
    other processes are waited for.

    Returns a warning for each variable of the environment that asks for another of `SETTINGS`, and is not followed.
    Raises RunError E505 if jax, with the variables as they are, finds no device.
    """
    reason = refusal_of_flags(os.environ.get("XLA_FLAGS", ""))
    if reason is not None:
        helps = ("correct the variable `XLA_FLAGS` of the environment, or unset it",)
        raise RunError("E505", "XLA does not take the flags in `XLA_FLAGS`", notes=(reason,), helps=helps)
    # Whatever jax, the plug-in of a device or its driver raise: it is about this machine and its environment.
    try:
        warnings = configure()
        import jax

        if processes is not None:
            join(processes, tell)
        jax.devices()
    except RunError:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise cannot_start(error) from None
    return warnings


def configure() -> tuple[str, ...]:
    """Set the options of jax, and return the warnings of `prepare`."""
    import jax

    # That a GPU would need another package is no news on a machine that is to run on its CPU.
    logging.getLogger("jax._src.xla_bridge").setLevel(logging.ERROR)
    warnings = []
    for option, value in SETTINGS.items():
        variable = option.upper()
        # An option that is not asked for stays as it is: so does one that this version of jax no longer has.
        if variable in os.environ and getattr(jax.config, option) not in (value, None):
            warnings.append(f"`{variable}={os.environ[variable]}` is not followed: modelc computes the same without it")
            jax.config.update(option, value)  # type: ignore[no-untyped-call]  # untyped in jax
    if os.environ.get("MODELC_COMPILATION_CACHE") == "off" or os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return tuple(warnings)
    folder = cache_folder() / FOLDER
    if is_writable(folder):
        jax.config.update("jax_compilation_cache_dir", str(folder))  # type: ignore[no-untyped-call]  # untyped in jax
        jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)  # type: ignore[no-untyped-call]  # untyped in jax
    return tuple(warnings)


@cache
def refusal_of_flags(flags: str) -> str | None:
    """Why XLA would refuse `flags`, None if it does not: it ends the process then, so another one tries them."""
    if not flags or not sys.executable:
        return None
    try:
        tried = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = tried.stderr.decode(errors="replace").splitlines()
    # What else can go wrong there does not come from the flags, and shows where the device is started.
    if tried.returncode == 0 or not any("parse_flags_from_env" in line for line in said):
        return None
    return said[0].partition("] ")[2] or said[0]


def cannot_start(error: Exception) -> RunError:
    """RunError E505 for what jax raised when it was imported, or when it looked for devices."""
    given = [f"`{name}={value}`" for name, value in sorted(os.environ.items()) if name.startswith(("JAX_", "XLA_"))]
    reason = str(error).strip().partition("\n")[0]
    blamed = [one for one in given if one.strip("`").partition("=")[0].lower() in reason.lower()]
    if isinstance(error, ValueError) and blamed:
        message, helps = f"jax does not take the value of {', '.join(blamed)}", ("correct the variable, or unset it",)
        return RunError("E505", message, notes=(f"{type(error).__name__}: {reason}",), helps=helps)
    platforms = os.environ.get("JAX_PLATFORMS", "")
    if isinstance(error, AssertionError) and not reason and platforms:
        # All that jax says where it knows the kind of device, and none could be started.
        reason = f"this machine has no such device, or jax is not installed for it: {platforms}"
    else:
        reason = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
    return RunError(
        "E505",
        "jax finds no device to compute on" + (f", with {', '.join(given)}" if given else ""),
        notes=(reason,),
        helps=(
            "unset these variables of the environment, or install jax for the device that they name"
            if given
            else "install jax again: `pip install --force-reinstall jax jaxlib`",
        ),
    )


@contextmanager
def computing(room: "Callable[[], Room | None]" = lambda: None) -> Iterator[None]:
    """Turns what the device fails at into RunError: E502 when its memory is exhausted, E505 for other failures.

    `room` says how much is needed, and what would fit.
    """
    import jax

    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        reason = str(error).strip().partition("\n")[0]
        if are_several() and any(word in str(error) for word in LOST):
            raise lost(reason) from None
        is_exhausted = "RESOURCE_EXHAUSTED" in str(error)
        # Libraries below XLA fail at what they cannot allocate as at anything else.
        found = room() if is_exhausted or reason.startswith("INTERNAL") else None
        if is_exhausted or (found is not None and not found.is_enough):
            notes, helps = ((), ("lower `batch_size`",)) if found is None else (found.notes, found.helps)
            message = "the device ran out of memory"
            raise RunError("E502", message, notes=(reason, *notes), helps=helps) from None
        # What Python code raises that the device calls, of a plug-in for example, is no failure of the device.
        if not reason.startswith(DEVICE_FAILURES) or "Callback" in str(error):
            raise
        helps = ("try again, or compute on the CPU with `JAX_PLATFORMS=cpu`",)
        raise RunError("E505", "the device failed", notes=(reason,), helps=helps) from None


def is_writable(folder: Path) -> bool:
    """Whether files can be created in `folder`, which is created first."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)

"""The options of `modelc train` that say on which devices it runs, and the mesh of devices that they ask for."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from modelc.cli.console import inform, refuse
from modelc.cli.feeding import AskedRows
from modelc.compiler.diagnostics.command_line import shell_word
from modelc.compiler.library.base.lazy import jax
from modelc.runtime.training.parallelism import ONE_DEVICE, Parallelism, Shard, sizes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modelc.compiler.binding.task import Task
    from modelc.runtime.training.processes import Processes

Devices = Annotated[
    str | None, typer.Option("--devices", metavar="all|N", help="How many devices to train on; default: one.")
]
Mesh = Annotated[
    str | None,
    typer.Option(
        "--mesh", metavar="data=N,model=M", help="How devices share rows of a batch, and weights; default: rows."
    ),
]
Sharded = Annotated[
    Shard | None,
    typer.Option(
        "--shard", help="What is also spread over the devices that share rows, to save memory; default: none."
    ),
]
ALL = "all"
MOST_SIMULATED = 64
"""More devices than this are simulated for nothing: to have so many, each with its own copy of the data, takes minutes."""


class Asked(NamedTuple):
    """What a command line says of devices: their number, the sizes of axes, what is sharded, and in which processes; None for
    what it leaves out. And of the rows that come to them.
    """

    devices: int | str | None = None
    sizes: "Mapping[str, int] | None" = None
    shard: Shard | None = None
    processes: "Processes | None" = None
    rows: AskedRows = AskedRows()


def asked_of(devices: str | None, mesh: str | None, shard: Shard | None, processes: "Processes | None" = None) -> Asked:
    """What the options ask for. Ends the command for what no machine has."""
    count: int | str | None = devices
    if devices is not None and devices != ALL:
        if not devices.isascii() or not devices.isdecimal() or not 0 < int(devices[:9]) < 10**6:
            advice = "write `--devices all`, or a number such as `--devices 4`"
            refuse(f"`--devices` is `all` or a number of devices, got `{devices}`", helps=(advice,))
        count = int(devices)
    try:
        sizes = None if mesh is None else sizes_of(mesh)
    except ValueError as error:
        helps = (
            "write the axes and their sizes, such as `--mesh data=4,model=2`",
            "along `data` lie the rows of a batch, along `model` the weights",
        )
        refuse(f"`--mesh` is wrong: {error}", helps=helps)
    return Asked(count, sizes, shard, processes)


def parallelism_of(asked: Asked, task: "Task", before: Parallelism = ONE_DEVICE) -> Parallelism:
    """The mesh that is asked for; what is left out is as `before`. Needs jax to be started. Ends the command if the devices
    that there are, or the batch size, do not allow it.
    """
    assert task.training is not None
    rows, there = task.training.settings.rows_at_once, jax.device_count()
    if jax.process_count() > 1 and asked.devices is None and asked.sizes is None and before.devices != there:
        # A process without a device in the mesh would have nothing to do.
        asked = asked._replace(devices=ALL)
    found = mesh_of(asked, there, before)
    if found.devices > there:
        need_devices(asked, found, there)
    if jax.process_count() > 1 and found.devices < there:
        helps = (f"`--devices all`, or start fewer processes than {jax.process_count()}",)
        refuse(f"several processes train on all of their devices, {there} and not {found.devices}", helps=helps)
    if rows % found.data:
        need_even_batch(found, there, rows, task.training.settings.gradient_accumulation)
    if found.data == 1 and asked.shard not in (None, "none"):
        inform(f"`--shard {shell_word(asked.shard)}` shards nothing here: one device has all rows of a batch")
    return found


def need_even_batch(found: Parallelism, there: int, rows: int, parts: int) -> None:
    """End the command for a batch, each of whose `parts` has so many rows, that cannot be shared evenly."""
    fitting = [size for size in range(1, there // found.model + 1) if rows % size == 0]
    below = rows // found.data * found.data
    sizes = [str(size * parts) for size in (below, below + found.data) if size]
    refuse(
        f"a {'batch' if parts == 1 else 'part of a batch'} of {rows} rows cannot be divided evenly among {found.data} devices",
        helps=(
            f"let {' or '.join(map(str, fitting))} of them share its rows: `--mesh {shell_word(Parallelism(fitting[-1], found.model).mesh)}`",
            f"or train anew with `--set train.batch_size={sizes[-1]}`" + (f", or {sizes[0]}" if len(sizes) > 1 else ""),
        ),
    )


def mesh_of(asked: Asked, there: int, before: Parallelism) -> Parallelism:
    """The mesh that is asked for, of which only the sizes are checked against the number of devices."""
    shard = asked.shard or before.shard
    if asked.devices is None and asked.sizes is None:
        return Parallelism(before.data, before.model, shard)
    count = there if asked.devices == ALL else asked.devices
    sizes = dict(asked.sizes or {})
    if count is None:
        return Parallelism(sizes.get("data", 1), sizes.get("model", 1), shard)
    assert isinstance(count, int)
    model = sizes.get("model", 1)
    # Rows are shared by all devices that share no weights; weights only where that is asked for.
    found = Parallelism(sizes.get("data", max(count // model, 1)), model, shard)
    if found.devices != count:
        fitting = Parallelism(count // model if count % model == 0 else count, model if count % model == 0 else 1).mesh
        asks = (
            f"`--devices {shell_word(str(asked.devices))}` asks for {count:,}"
            if asked.devices != ALL
            else f"this machine has {count:,}"
        )
        refuse(
            f"a mesh of {found.mesh} has {found.devices:,} devices, and {asks}",
            helps=(f"write `--mesh {shell_word(fitting)}`", f"or `--devices {shell_word(str(found.devices))}`"),
        )
    return found


def need_devices(asked: Asked, found: Parallelism, there: int) -> None:
    """End the command for more devices than there are."""
    kind = jax.devices()[0].device_kind
    has = f"this machine has {there:,} ({kind})" if there > 1 else f"this machine has one ({kind})"
    helps: tuple[str, ...] = ("`--devices all` trains on all that there are",)
    if jax.default_backend() == "cpu" and found.devices <= MOST_SIMULATED:
        helps = (*helps, f"`XLA_FLAGS=--xla_force_host_platform_device_count={found.devices}` simulates them on a CPU")
    whose = "the run was trained" if asked.devices is None and asked.sizes is None else "the training is to run"
    refuse(f"{whose} on {found.devices:,} devices, and {has}", helps=helps)

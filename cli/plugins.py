"""The option `--plugin` of all commands that read a spec or a run, and the attribution of errors to plug-ins."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from modelc.cli.console import warn

if TYPE_CHECKING:
    from modelc.compiler.binding.task import Task
    from modelc.runtime.runs.run_directory import Run

PluginNames = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin", metavar="NAME|FILE.py", help="Enable a plug-in: an installed package, or a Python file; repeatable."
    ),
]


def enable(plugins: Sequence[str] | None) -> None:
    """Enable the plug-ins of the command line until the command ends. Raises PluginError."""
    if not plugins:
        return
    from modelc.compiler.library.base.plugin_context import ENABLED
    from modelc.compiler.plugins.loader import open_plugins

    ENABLED.set(open_plugins(plugins))


def task_of(run: "Run") -> "Task":
    """The task of a run, with a warning for each plug-in that has changed. Raises RunError E602 or E606."""
    from modelc.runtime.runs.plugins import changes

    task = run.task()
    for change in changes(run.record.plugins):
        warn(change, notes=("the model may compute something else than the one that was trained",))
    return task


def culprit(error: BaseException) -> str | None:
    """The plug-in and line where `error` was raised, as text; None if modelc itself raised it."""
    from modelc.compiler.library.base.plugin_context import enabled

    plugins = enabled().plugins
    if not plugins:
        # Every command ends here, and nearly none has plug-ins.
        return None

    import traceback

    from modelc.compiler.library.base.returned_values import ContractViolation

    if isinstance(error, ContractViolation):
        root = error.cls.__module__.partition(".")[0]
        return next((f"the plug-in `{plugin.name}`" for plugin in plugins if root in plugin.modules), None)
    found = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        # The innermost of these decides: what jax raises is the fault of whoever called it.
        if module.partition(".")[0] == "modelc":
            found = None
        for plugin in plugins:
            if module.partition(".")[0] in plugin.modules:
                found = f"the plug-in `{plugin.name}`, at {frame.f_code.co_filename}:{line}"
    return found

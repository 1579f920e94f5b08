"""The entry point of `modelc`: its subcommands, and the handling of unexpected errors.

Each subcommand is imported when it is called, and imports what it needs inside its function.
"""

import gc
import os
import sys
from contextvars import copy_context
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from modelc.cli.console import BUG, FAILED, FINDINGS, USAGE, complain, show_problems, show_run_error, write

COMMANDS = ("init", "validate", "format", "train", "evaluate", "predict", "summary", "plot", "explain", "schema")
"""In the order of `--help`. Each is the function of its name in the module of its name."""


class Commands(TyperGroup):
    """The subcommands, each built on demand."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        single.command(cmd_name)(getattr(import_module(f"modelc.cli.{cmd_name}"), cmd_name))
        return typer.main.get_command(single)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if not args[0].startswith("-") and args[0] not in COMMANDS:
            from modelc.compiler.diagnostics.likeness import most_alike

            close = most_alike(args[0], COMMANDS)
            advice = f"did you mean `modelc {close}`?" if close else f"commands: {', '.join(COMMANDS)}"
            complain(f"there is no command `{args[0]}`", helps=(advice,))
            raise typer.Exit(2)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("modelc")
        except PackageNotFoundError:
            number = "(not installed)"
        write(f"modelc {number}\n")
        raise typer.Exit


@app.callback()
def modelc(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Check, train and use neural networks that are written as YAML.

    Exit codes: 0 fine, 1 problems in a spec, 2 wrong command line, 3 a bug of modelc, 4 the run failed, 130 or 143
    interrupted.
    """


def main() -> None:
    """Run the command line of this process and exit."""
    # Imports and specs make many objects and hardly a cycle: looking for some all the time takes a tenth of `validate`.
    gc.set_threshold(50_000)
    # Plugins of pydantic are other people's code that would run because it is installed, and looking for them takes time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Python has no stream where the shell closed it (`>&-`): what is printed goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - open as long as the process is
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115 - open as long as the process is
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character of the spec gets its escape instead of a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    # What a command enables ends with it, also where several commands run in one process.
    copy_context().run(run)


def run() -> None:
    """Run the command line, and exit with its code."""
    try:
        app(prog_name="modelc")
    except SystemExit as error:
        from modelc.cli.plugins import culprit

        # What ends the command is the command: a plug-in that does so would pass for success.
        if culprit(error) is None:
            raise
        sys.exit(report(error))
    except Exception as error:  # noqa: BLE001 - the outermost border, which says of whatever arrives that it is a bug
        sys.exit(report(error))


def report(error: BaseException) -> int:
    """Report the exception that ended the command, and return its exit code."""
    from modelc.cli.plugins import culprit
    from modelc.compiler.diagnostics.exceptions import PluginError, RunError, SpecError
    from modelc.compiler.library.base.returned_values import ContractViolation

    if isinstance(error, SpecError):
        show_problems(error.problems, error.sources, sys.stderr)
        return FINDINGS
    if isinstance(error, RunError):
        show_run_error(error)
        return USAGE if isinstance(error, PluginError) else FAILED
    if os.environ.get("MODELC_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    text = str(error).strip()
    plugin = culprit(error)
    said = [] if isinstance(error, ContractViolation) else [type(error).__name__]
    complain(
        ": ".join([f"this is a bug in {plugin or 'modelc'}", *said, *text.splitlines()[:1]]),
        helps=(
            "set MODELC_TRACEBACK=1 in the environment to see the traceback"
            if plugin
            else "please report it with the spec and the command; set MODELC_TRACEBACK=1 in the environment to see the traceback",
        ),
    )
    return BUG

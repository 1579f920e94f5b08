"""The entry point of `modelc`: its subcommands, and the handling of unexpected errors.

Each subcommand is imported when it is called, and imports what it needs inside its function.
"""

import atexit
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from contextvars import copy_context
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from modelc.cli.console import (
    BUG,
    FAILED,
    FINDINGS,
    INTERRUPTED,
    USAGE,
    complain,
    refuse,
    say,
    show_problems,
    show_run_error,
    warn,
)

if TYPE_CHECKING:
    from modelc.compiler.diagnostics.exceptions import RunError

COMMANDS = (
    "init",
    "validate",
    "format",
    "data",
    "train",
    "evaluate",
    "predict",
    "verify",
    "reproduce",
    "debug",
    "summary",
    "plot",
    "explain",
    "schema",
)
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

    def main(self, *arguments: Any, **settings: Any) -> Any:
        """Run the command line; the exit code, None for 0."""
        from modelc.cli.usage import UsageError, show_usage_error

        try:
            return super().main(*arguments, **{**settings, "standalone_mode": False})
        except UsageError as error:
            show_usage_error(error)
            return USAGE

    def _main_shell_completion(self, *arguments: Any, **settings: Any) -> None:
        """No completion of shells is offered, so the variable that would ask for it is not followed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args:
            say(*ctx.get_help().split("\n"), stream=sys.stderr)
            ctx.exit(USAGE)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if not args[0].startswith("-") and args[0] not in COMMANDS:
            from modelc.compiler.diagnostics.command_line import command
            from modelc.compiler.diagnostics.likeness import most_alike

            close = most_alike(args[0], COMMANDS)
            advice = f"did you mean `{command(close)}`?" if close else f"commands: {', '.join(COMMANDS)}"
            complain(f"there is no command `{args[0]}`", helps=(advice,))
            raise typer.Exit(USAGE)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # While a run trains, signals are received by `Stopping`: here there is nothing to save.
            complain("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except EOFError as error:
            # Click would call it an abort by the user, who is never asked anything here.
            sys.exit(report(error))


app = typer.Typer(
    cls=Commands,
    add_completion=False,
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
        say(f"modelc {number}")
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
    try:
        os.getcwd()
    except OSError:
        refuse("the current folder no longer exists", helps=("change to a folder that exists: `cd`",))


def main() -> None:
    """Run the command line of this process and exit."""
    # Imports and specs make many objects and hardly a cycle: looking for some all the time takes a tenth of `validate`.
    gc.set_threshold(50_000)
    # What is left at the end goes with the process: Python would look through all of it for cycles twice more.
    atexit.register(gc.freeze)
    # Plugins of pydantic are other people's code that would run because it is installed, and looking for them takes time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Python has no stream where the shell closed it (`>&-`): what is printed goes nowhere, and nothing is read.
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115 - open as long as the process is
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - open as long as the process is
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115 - open as long as the process is
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character of the spec gets its escape instead of a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings():
        warnings.showwarning = show_warning
        # What a command enables ends with it, also where several commands run in one process.
        copy_context().run(run)


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning of Python, such as one about the code of a plug-in, as those of modelc are."""
    if "jax" in sys.modules:
        from modelc.runtime.training.compilation_cache import is_mended

        if is_mended(str(message)):
            return
    warn(str(message), notes=(f"{category.__name__} at {filename}:{lineno}",))


def run() -> None:
    """Run the command line, and exit with its code."""
    if any("\0" in argument for argument in sys.argv):
        # No shell can pass one, but a program that calls this function in its own process.
        complain("an argument has a NUL character, which no name or path can have")
        sys.exit(USAGE)
    try:
        code = app(prog_name="modelc")
    except SystemExit as error:
        from modelc.cli.plugins import culprit

        # What ends the command is the command: a plug-in that does so would pass for success.
        if culprit(error) is None:
            raise
        sys.exit(report(error))
    except Exception as error:  # noqa: BLE001 - the outermost border, which says of whatever arrives that it is a bug
        sys.exit(report(error))
    sys.exit(code)


def refused_by_system(error: MemoryError | OSError, helps: Sequence[str]) -> "RunError":
    """RunError E502 or E608 for what the machine has no more of, which any line can meet and none is to blame for.

    What a command opens itself has messages of its own, with the name of the file. `helps` are those of E608.
    """
    from modelc.compiler.diagnostics.exceptions import RunError

    if isinstance(error, MemoryError):
        return RunError("E502", "the memory is exhausted", helps=("use fewer rows, or a smaller model",))
    reason = (error.strerror or str(error) or type(error).__name__).lower()
    where = f": `{os.fsdecode(error.filename)}`" if isinstance(error.filename, str | bytes) else ""
    helps = (
        *(
            f"correct the variable `{name}={value}` of the environment, or unset it"
            for name, value in sorted(os.environ.items())
            if where and value and name.startswith(("JAX_", "XLA_")) and os.fsdecode(error.filename).startswith(value)
        ),
        *helps,
    )
    return RunError("E608", f"the operating system refused something: {reason}{where}", helps=helps)


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
    helps = ["set MODELC_TRACEBACK=1 in the environment to see the traceback"]
    if os.environ.get("MODELC_TRACEBACK"):
        import traceback

        helps = []
        say(*"".join(traceback.format_exception(error)).rstrip("\n").split("\n"), stream=sys.stderr)
    plugin = culprit(error)
    if isinstance(error, MemoryError | OSError) and plugin is None:
        show_run_error(refused_by_system(error, helps))
        return FAILED
    if plugin is None:
        helps.insert(0, "please report it with the spec and the command")
    text = str(error).strip()
    said = [] if isinstance(error, ContractViolation) else [type(error).__name__]
    message = ": ".join([f"this is a bug in {plugin or 'modelc'}", *said, *text.splitlines()[:1]])
    complain(message, helps=["; ".join(helps)] if helps else [])
    return BUG

"""Wrong command lines that the library of the command line finds, said as all other errors are."""

from typing import Any

import typer

from modelc.cli.console import complain

UsageError: type[Any] = typer.BadParameter.__mro__[1]
"""The base of what the library raises for a wrong command line; it exports this subclass only."""


def show_usage_error(error: Any) -> None:
    """Print what is wrong with the command line, how the command is called, and where its help is."""
    # The prefix is that of pydantic, by which the library checks values.
    text = error.format_message().removesuffix(".").replace(": Value error, ", ": ")
    if error.ctx is None:
        complain(text[:1].lower() + text[1:])
        return
    usage = " ".join(error.ctx.get_usage().split())
    complain(
        text[:1].lower() + text[1:],
        notes=(usage[:1].lower() + usage[1:],),
        helps=(f"`{error.ctx.command_path} --help` describes its arguments and options",),
    )

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
    helps: tuple[str, ...] = ()
    if option := getattr(error, "option_name", "") if hasattr(error, "possibilities") else "":
        text, helps = unknown_option(error, option)
    if error.ctx is None:
        complain(text[:1].lower() + text[1:])
        return
    usage = " ".join(error.ctx.get_usage().split())
    complain(
        text[:1].lower() + text[1:],
        notes=(usage[:1].lower() + usage[1:],),
        helps=(*helps, f"`{error.ctx.command_path} --help` describes its arguments and options"),
    )


def unknown_option(error: Any, option: str) -> tuple[str, tuple[str, ...]]:
    """What is wrong with an option that the command does not have, and what to write instead.

    The library proposes options by their letters, dashes counted.
    """
    from modelc.compiler.language.suggestions.spelling import spelled, typo_of

    text, name = f"no such option: `{option}`", option.lstrip("-")
    command = error.ctx.command if error.ctx is not None else None
    known = [flag for one in command.params for flag in one.opts if flag.startswith("--")] if command else []
    close = typo_of(name, [flag.lstrip("-") for flag in known])
    from modelc.compiler.language.grammar import SECTIONS

    key = spelled(name.partition("=")[0].replace("-", "_"), SECTIONS["train"].keys)
    if command is not None and command.name == "train" and not close and key is not None:
        return f"{text}: `train.{key}` is a key of the spec", (f"write it there, or `--set train.{key}=VALUE`",)
    return text, (f"did you mean `--{close}`?",) if close else ()

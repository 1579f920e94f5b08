"""Checks the plug-ins in the record of a run against those that are enabled now."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from modelc.compiler.diagnostics.command_line import shell_word
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.plugin_context import Plugin, Plugins, enabled


class PluginRecord(BaseModel):
    """One plug-in of a run: an installed distribution and its version, or a file and the digest of its text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    version: str | None = None
    sha256: str | None = None


def records_of(plugins: Plugins) -> list[PluginRecord]:
    """The record of each plug-in."""
    return [PluginRecord(name=each.name, version=each.version, sha256=each.sha256) for each in plugins.plugins]


def options_of(records: Sequence[PluginRecord]) -> list[str]:
    """The options of a command that enable these plug-ins."""
    return [word for record in records for word in ("--plugin", record.name)]


def need_plugins(folder: Path, records: Sequence[PluginRecord]) -> None:
    """Raise RunError E606 unless every plug-in that the run in `folder` was trained with is enabled."""
    missing = [record for record in records if current(record) is None]
    if missing:
        names = ", ".join(f"`{record.name}`" for record in missing)
        several = len(missing) > 1
        raise RunError(
            "E606",
            f"the run `{folder}` was trained with the plug-in{'s' if several else ''} {names}, "
            f"which {'are' if several else 'is'} not enabled",
            helps=("add `" + " ".join(f"--plugin {shell_word(record.name)}" for record in missing) + "`",),
        )


def changes(records: Sequence[PluginRecord]) -> list[str]:
    """A message for each plug-in that has changed since the run was trained."""
    found = []
    for record in records:
        now = current(record)
        if now is not None and now.sha256 != record.sha256:
            found.append(f"the plug-in `{now.name}` has changed since this run was trained")
        elif now is not None and now.version != record.version:
            found.append(f"this run was trained with `{record.name}` {record.version}, installed is {now.version}")
    return found


def current(record: PluginRecord) -> Plugin | None:
    """The enabled plug-in that matches the recorded one: a file by its text, else by its path, else by its name."""
    plugins = enabled().plugins
    if record.sha256 is None:
        return next((each for each in plugins if each.sha256 is None and each.name == record.name), None)
    files = [each for each in plugins if each.sha256 is not None]
    tests = (
        lambda each: each.sha256 == record.sha256,
        lambda each: each.name == record.name,
        lambda each: Path(each.name).name == Path(record.name).name,
    )
    return next((each for test in tests for each in files if test(each)), None)

"""The commit of the repository that a spec is in, asked of an installed git. Never fails, and runs nothing that a repository names."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from modelc.runtime.runs.sealed_json import Sealed

SECONDS = 3.0
"""How long git may take: a large repository is not waited for."""
ISOLATED = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never")
NO_FILTER = {"clean": "", "smudge": "", "process": "", "required": "false"}
"""What to set of a `filter.NAME` in the settings of a repository, so that none of its commands runs."""


class Commit(Sealed):
    """A commit, and whether something in its repository was changed since: None where that could not be told in time."""

    id: str
    changed: bool | None


def commit_of(spec: Path) -> Commit | None:
    """The commit of the repository that `spec` is in; None if there is none, or no git."""
    git = shutil.which("git")
    folder = os.path.dirname(os.path.realpath(spec))
    if git is None:
        return None
    id = answer(git, folder, (), "rev-parse", "--verify", "--quiet", "HEAD")
    if id is None or not id.strip():
        return None
    return Commit(id=id.strip(), changed=is_changed(git, folder, os.path.basename(os.path.realpath(spec))))


def is_changed(git: str, folder: str, name: str) -> bool | None:
    """Whether a file that git knows in the repository is another than in the commit, or the spec itself is not known."""
    listed = answer(git, folder, (), "config", "--list", "--name-only", "-z")
    if listed is None:
        return None
    filters = dict.fromkeys(key.rpartition(".")[0] for key in listed.split("\0") if key.startswith("filter."))
    if any("=" in name for name in filters):
        # No option could set one of this name.
        return None
    settings = [f"{name}.{key}={value}" for name in filters for key, value in NO_FILTER.items()]
    known = answer(git, folder, settings, "ls-files", "-z", "--", f":(literal){name}")
    shown = answer(
        git, folder, settings, "status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all"
    )
    return None if known is None or shown is None else bool(shown) or not known


def answer(git: str, folder: str, settings: Sequence[str], *arguments: str) -> str | None:
    """What git prints; None if it fails or takes too long."""
    options = [word for setting in (*ISOLATED, *settings) for word in ("-c", setting)]
    # Those that name another repository are of whoever called modelc, such as a hook of git.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        ended = subprocess.run(
            [git, *options, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return ended.stdout.decode("utf-8", "replace")

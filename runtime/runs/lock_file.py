"""The installed distributions that a training ran with, in the form that pip installs again."""

import platform
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution

from modelc.compiler.library.base.plugin_context import enabled
from modelc.runtime.runs.environment import PACKAGES

NAME = re.compile(r"[A-Za-z0-9._-]+")


def lock_file() -> bytes:
    """`requirements.txt`: modelc, its plug-ins and all that these require, each with its version."""
    plugins = tuple(plugin.name for plugin in enabled().plugins if plugin.version is not None)
    system = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    lines = [
        f"# {system}",
        *(f"{name}=={version}" for name, version in sorted(required((*PACKAGES, *plugins)).items())),
    ]
    return ("\n".join(lines) + "\n").encode("ascii", "replace")


@cache
def required(names: tuple[str, ...]) -> dict[str, str]:
    """The versions of the distributions called `names` and of all that they require, by name, as far as they are installed."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        try:
            installed = distribution(name)
        except (PackageNotFoundError, ValueError):
            # Such as modelc itself, run from its folder, and what is for another system or Python.
            continue
        found[key] = installed.version
        needed = (NAME.match(line) for line in installed.requires or () if "extra ==" not in line)
        waiting += [match[0] for match in needed if match]
    return found

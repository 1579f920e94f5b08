"""What a training is asked for, besides its spec or the run that it goes on with."""

from typing import TYPE_CHECKING, NamedTuple

from modelc.cli.checking import Folders
from modelc.cli.devices import Asked

if TYPE_CHECKING:
    from modelc.cli.stopping import Stopping
    from modelc.runtime.runs.cadence import Saving


class Request(NamedTuple):
    """Where files are, on which devices to train, when to save, what stops it, whether there are baselines, and the run that
    initial weights are taken from, as the command line names it.
    """

    folders: Folders
    asked: Asked
    saving: "Saving"
    stop: "Stopping"
    baseline: bool
    initial_weights: str | None = None

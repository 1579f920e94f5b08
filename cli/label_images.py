"""`modelc predict RUN FOLDER --output masks/`: label images, one for each photo."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modelc.cli.console import inform, refuse
from modelc.compiler.diagnostics.command_line import command, path_word

if TYPE_CHECKING:
    from modelc.cli.predict import Rows
    from modelc.compiler.binding.task import Task
    from modelc.runtime.chosen_columns import Chosen
    from modelc.runtime.data.arrays import Arrays
    from modelc.runtime.data.new_rows import NewRows


def may_be_folder(output: Path) -> bool:
    """Whether an output has a name as folders have."""
    return not output.suffix and output != Path("-")


def photo_of(
    task: "Task", output: Path, given: "NewRows | None", columns: str | None, *, raw: bool, spreadsheet: bool
) -> "Chosen | None":
    """The column of the photos whose label images go into the folder `output`; None where that is none, or the run makes no such
    images. Ends the command for what label images are not written of. Raises RunError E604.
    """
    if not may_be_folder(output):
        return None
    from modelc.runtime.chosen_columns import Chosen
    from modelc.runtime.data.opened_files import opened_by_inputs
    from modelc.runtime.label_images import label_outputs, need_new_folder

    if not label_outputs(task):
        return None
    arrays = f"write arrays: `--output {path_word(f'{output}.npz')}`"
    for option in (
        name for name, is_given in (("--columns", columns), ("--raw", raw), ("--spreadsheet", spreadsheet)) if is_given
    ):
        help = f"leave it out, or {arrays}"
        refuse(f"`{option}` is for files of predictions, and `{output}` is a folder for label images", helps=(help,))
    photos = [name for name in opened_by_inputs(task) if given is not None and name in given.names]
    if not photos:
        name = command("predict", "RUN", "PHOTOS", "--output", output)
        helps = (f"name a photo, a folder or a pattern: `{name}`", f"or {arrays}")
        refuse("label images are called as the photos that they are of, and there are no such files", helps=helps)
    need_new_folder(output)
    return Chosen(photos[0], photos[0], of_file=True)


def keep_label_images(output: Path, rows: "Rows", predicted: "Arrays", given: "NewRows", photo: str) -> None:
    """Write the label images of `rows`, whose photos are in the column `photo`. Raises RunError E405, E604."""
    from modelc.compiler.library.readers.opened_files import paths_of
    from modelc.runtime.label_images import label_outputs, write_label_images

    outputs = label_outputs(rows.task)
    write_label_images(output, outputs, predicted, paths_of(rows.others[photo]), given.root)
    inform(*(f"`{name}` has no label images, and is not written" for name in others_of(rows.task, [*outputs])))


def others_of(task: "Task", written: Sequence[str]) -> list[str]:
    """The outputs of a task that are not among those that are `written`."""
    return [name for name in task.outputs if name not in written]

"""Predictions of a class for each pixel as images: the numbers that `label_image` reads back, in the form of the photos."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from modelc.compiler.binding.task import Output, Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.readers.image_files import need_pillow, sizes_of
from modelc.compiler.library.readers.label_image import LabelImageReader
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.predictions import class_numbers
from modelc.runtime.runs.files import cannot_write, writing
from modelc.runtime.runs.run_layout import run_around

LARGEST = 65_535
"""The largest value of a pixel of a grey image."""


class LabelOutput(NamedTuple):
    """An output whose target are label images, and the reader of these."""

    output: Output
    reader: LabelImageReader

    @property
    def unknown(self) -> int:
        """The value of pixels of which nothing is predicted: the one that the reader leaves out, else the largest below 256 that is no
        class, or the one behind all classes.
        """
        if self.reader.ignore is not None:
            return self.reader.ignore
        free = (value for value in range(255, -1, -1) if value not in self.reader.by_class)
        return next(free, max(self.reader.by_class) + 1)


def label_outputs(task: Task) -> Mapping[str, LabelOutput]:
    """The outputs of a task whose targets are label images, by name."""
    found = {}
    for name, output in task.outputs.items():
        binding = (task.targets or {}).get(output.target or "")
        if binding is not None and isinstance(binding.reader, LabelImageReader) and output.link is not None:
            found[name] = LabelOutput(output, binding.reader)
    return found


def need_new_folder(folder: Path) -> None:
    """Raise RunError E604 unless `folder` is missing or empty, and could be made outside of any run."""
    with writing(folder):
        os.stat(folder.absolute().parent)
    if (run := run_around(folder)) is not None:
        message = f"cannot write `{folder}`: it is in the run `{run}`, which stays as it was trained"
        raise RunError("E604", message, helps=("name a folder outside of the run",))
    if not os.path.lexists(folder):
        return
    if not os.path.isdir(folder):
        raise RunError("E604", f"cannot write label images into `{folder}`: it is a file", helps=("name a folder",))
    with writing(folder):
        if os.listdir(folder):
            help = "name a new folder, so that all that is in it belongs together"
            raise RunError("E604", f"cannot write label images into `{folder}`: it is not empty", helps=(help,))


def file_names(paths: Sequence[str]) -> list[str]:
    """The paths of the label images of the photos at `paths`, in their folders. Raises RunError E604 for two that would be one."""
    found: dict[str, str] = {}
    for path in paths:
        name = str(PurePosixPath(os.path.normpath(path)).with_suffix(".png"))
        if name in found:
            message = f"{found[name]!r} and {path!r} would both have the label image `{name}`"
            raise RunError("E604", message, helps=("predict one of them after the other, or rename one",))
        found[name] = path
    return [*found]


def write_label_images(
    folder: Path, outputs: Mapping[str, LabelOutput], predicted: Arrays, paths: Sequence[str], root: Root
) -> None:
    """Write an image for each row of what is `predicted`, `[rows, height, width, ...]`, into a new `folder`, called as the photo below
    `root` that it is of; for each of several outputs in a folder of its name. The folder is there once it is complete.

    Raises RunError E405, E604.
    """
    need_pillow()
    names = file_names(paths)
    with writing(folder), tempfile.TemporaryDirectory(prefix=".modelc-", dir=folder.absolute().parent) as made:
        whole = Path(made) / "images"
        whole.mkdir()
        for output, one in outputs.items():
            values = values_of(one, predicted[output])
            below = whole / output if len(outputs) > 1 else whole
            for name, path, row in zip(names, paths, values, strict=True):
                file = below / name
                file.parent.mkdir(parents=True, exist_ok=True)
                save(file, in_form_of(one, row, sizes_of(root, path)[1]))
        try:
            os.replace(whole, folder)
        except OSError as error:
            raise cannot_write(folder, error) from None


def values_of(one: LabelOutput, predicted: Array) -> Array:
    """The values of pixels `[rows, height, width]` for the classes that are predicted."""
    by_class = np.asarray([*one.reader.by_class, one.unknown])
    if by_class.max() > LARGEST:
        message = (
            f"the value {int(by_class.max()):,} of a class is too large for an image, which has at most {LARGEST:,}"
        )
        raise RunError("E604", message, helps=("write whole arrays: `--output predictions.npz`",))
    classes = class_numbers(one.output, predicted)
    return by_class[classes.reshape(len(classes), *one.reader.size)]


def in_form_of(one: LabelOutput, values: Array, size: tuple[int, int]) -> Array:
    """The values of pixels in an image of this `size`, width and height, by the nearest, as the reader has brought that to its own."""
    from PIL import Image

    height, width = values.shape
    label = Image.fromarray(values.astype("int32"))
    if one.reader.resize == "stretch":
        return np.asarray(label.resize(size, Image.Resampling.NEAREST))
    result = Image.new("I", size, one.unknown)
    if one.reader.resize == "crop":
        scale = min(size[0] / width, size[1] / height)
        inner = tuple(min(max(round(own * scale), 1), whole) for own, whole in ((width, size[0]), (height, size[1])))
        place = ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2)
        result.paste(label.resize(inner, Image.Resampling.NEAREST), place)
        return np.asarray(result)
    scale = min(width / size[0], height / size[1])
    inner = tuple(min(max(round(own * scale), 1), whole) for own, whole in ((size[0], width), (size[1], height)))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    photo = label.crop((left, top, left + inner[0], top + inner[1]))
    return np.asarray(photo.resize(size, Image.Resampling.NEAREST))


def save(file: Path, values: Array) -> None:
    """Write values of pixels as a grey image, of 8 bits where that is enough."""
    from PIL import Image

    is_small = values.max() < 256
    Image.fromarray(values.astype("uint8" if is_small else "uint16")).save(file, "PNG")

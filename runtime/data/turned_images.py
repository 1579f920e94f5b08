"""Finds photos that their EXIF data turns, and whose labels were drawn as they lie in the file: read so, they would not fit."""

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.readers.image import ImageReader
from modelc.compiler.library.readers.label_image import LabelImageReader
from modelc.compiler.library.readers.opened_files import paths_of, read_each
from modelc.runtime.data.arrays import Arrays

AS_SEEN = "turn the labels as the photo is seen, or save the photo so, without EXIF data"


def check_turned(task: Task, columns: Arrays) -> None:
    """Raise RunError E407 for photos that are turned by a right angle, whose label images have the form of what is in the file.

    What cannot be opened is reported where it is read.
    """
    photos = [one for one in (task.inputs or {}).values() if isinstance(one.reader, ImageReader)]
    labels = [one for one in (task.targets or {}).values() if isinstance(one.reader, LabelImageReader)]
    for photo in photos:
        for label in labels:
            if photo.subject in columns and label.subject in columns:
                check_pair(photo, label, columns)


def check_pair(photo: Binding, label: Binding, columns: Arrays) -> None:
    """The same for one input and one target."""
    assert isinstance(photo.reader, ImageReader) and isinstance(label.reader, LabelImageReader)
    from modelc.compiler.library.readers.image_files import sizes_of, strict_decoding

    reader, masks, root = photo.reader, paths_of(columns[label.subject]), label.reader.root

    def compare(row: int, path: str) -> None:
        try:
            stored, seen = sizes_of(reader.root, path)
            given = sizes_of(root, masks[row])[1] if stored != seen else seen
        except RunError:
            return
        if given == stored != seen:
            message = f"{path!r} is turned by its EXIF data, and its labels {masks[row]!r} are not"
            raise RunError("E407", message, helps=(AS_SEEN,))

    with strict_decoding():
        try:
            read_each(photo.subject, paths_of(columns[photo.subject]), compare)
        except RunError as error:
            raise error.placed(label.at) from None

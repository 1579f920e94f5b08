"""A folder of images or texts for each class: which files are its rows, and what they have in common."""

import os
from collections import Counter
from pathlib import PurePath
from typing import Literal, NamedTuple

import numpy as np

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted, listed
from modelc.compiler.library.base.text_content import content_of
from modelc.compiler.library.readers.image import ENDINGS
from modelc.compiler.library.readers.image_files import opened, strict_decoding
from modelc.compiler.library.readers.text_file import TextFileReader
from modelc.compiler.library.sources.files import Files
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.path_patterns import is_pattern
from modelc.runtime.drafting.columns import Use, of_words
from modelc.runtime.drafting.spec_text import is_writable

MOST_OPENED = 1000
"""So many images are looked into, spread over all of them; of texts ten times as many."""
LEAST_OF_CLASS = 5
SIDES = (8, 96)
"""The smallest and the largest side that images are brought to."""
GREY = ("1", "L", "LA", "I;16", "I")
"""What Pillow calls images without colours."""


class Folder(NamedTuple):
    """The files that fit `pattern`, with the names of their classes; `others` are files that do not, by their endings."""

    kind: Literal["image", "text"]
    pattern: str
    files: tuple[str, ...]
    classes: tuple[str, ...]
    others: tuple[str, ...] = ()


class Pictures(NamedTuple):
    """What images have in common: `[height, width, channels]` to read them with, and why."""

    shape: tuple[int, int, int]
    reason: str


def folder_of(root: Root, path: str) -> Folder:
    """The files in the folders of the classes, below the folder at `path`. Raises RunError E403 to E405."""
    if is_pattern(path):
        raise RunError("E405", f"the name of `{path}` would be a pattern in a spec", helps=("rename the folder",))
    begin = "" if path == "." else f"{path}/"
    every = Files(patterns=f"{begin}*/*").load(root).train["file"].tolist()
    endings = Counter(ending_of(file) for file in every)
    readable = {"image": ENDINGS, "text": TextFileReader.endings}
    found = [
        (count, ending, kind)
        for ending, count in endings.items()
        for kind in readable
        if ending.lower() in readable[kind]
    ]
    if not found:
        message = f"no folder in `{path}` has images or texts"
        notes = (f"endings: {listed([ending or 'none' for ending in endings])}",)
        helps = (
            f"images end in {', '.join(ENDINGS[:3])}, texts in .txt, in a folder for each class: `{begin}cat/1.jpg`",
        )
        raise RunError("E404", message, notes=notes, helps=helps)
    _, ending, kind = max(found)
    of_kind = {one for _, one, other in found if other == kind}
    ending = "*" if of_kind == {*endings} and len(of_kind) > 1 else ending
    pattern = f"{begin}*/*.{ending.removeprefix('.')}"
    rows = Files(patterns=pattern).load(root).train
    counts = Counter(rows["folder"].tolist())
    need_classes(path, counts)
    others = tuple(
        f"{count:,} {one or 'without an ending'}" for one, count in endings.items() if ending not in ("*", one)
    )
    files = tuple(rows["file"].tolist())
    return Folder("image" if kind == "image" else "text", pattern, files, tuple(sorted(counts)), others)


def ending_of(file: str) -> str:
    return PurePath(file).suffix


def need_classes(path: str, counts: Counter[str]) -> None:
    """Raise RunError E403 or E404 unless there are classes, with files to learn and to hold out."""
    if len(counts) < 2:
        message = f"`{path}` has one folder with files: there is nothing to tell apart"
        raise RunError("E403", message, helps=("give each class a folder of its own in it",))
    if few := [f"`{name}`: {counted(count, 'file')}" for name, count in counts.items() if count < LEAST_OF_CLASS]:
        message = f"{counted(len(few), 'folder')} of `{path}` {'has' if len(few) == 1 else 'have'} too few files to learn a class"
        raise RunError(
            "E404", message, notes=tuple(few[:5]), helps=(f"add files, to have at least {LEAST_OF_CLASS} in each",)
        )
    if bad := [name for name in counts if not is_writable(name) or not name]:
        message = f"the folder `{bad[0]}` has control characters in its name, which no spec can have"
        raise RunError("E405", message, helps=("rename the folder",))


def spread(files: tuple[str, ...], most: int) -> list[str]:
    """At most so many of `files`, evenly spread over them."""
    places = np.unique(np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int))
    return [files[place] for place in places]


def pictures_of(root: Root, folder: Folder) -> Pictures:
    """What the images have in common, by those that are looked into. Raises RunError E405 for one that is damaged."""
    looked_at, sizes, modes = spread(folder.files, MOST_OPENED), [], Counter[str]()
    with strict_decoding():
        for file in looked_at:
            with opened(root, file) as image:
                sizes.append((image.height, image.width))
                modes[image.mode] += 1
    heights, widths = zip(*sizes, strict=True)
    height, width = (int(np.median(sides)) for sides in (heights, widths))
    smaller = min(1.0, SIDES[1] / max(height, width))
    shape = tuple(max(round(side * smaller), SIDES[0]) for side in (height, width))
    channels = 1 if all(mode in GREY for mode in modes) else 3
    seen = (
        "All images" if len(looked_at) == len(folder.files) else f"{len(looked_at):,} of {len(folder.files):,} images"
    )
    each = f"are {height} x {width}" if len(set(sizes)) == 1 else f"are {height} x {width} in the middle, high and wide"
    colours = "grey" if channels == 1 else "in colour"
    return Pictures((shape[0], shape[1], channels), f"{seen} were looked into: they {each}, and {colours}")


def words_of(root: Root, folder: Folder) -> Use:
    """How to read the texts, by those that are looked into. Raises RunError E405 for one that is none."""
    texts = [content_of(root, file, "utf-8") for file in spread(folder.files, 10 * MOST_OPENED)]
    return of_words("file", texts, np.ones(len(texts), int), 0)


def is_folder(root: Root, path: str) -> bool:
    """Whether there is a folder at `path` below `root`."""
    return os.path.isdir(root.folder / path)

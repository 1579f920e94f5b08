"""Image files for tests, made of drawn pixels, and readers of them."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modelc.compiler.library.readers import READERS
from modelc.compiler.syntax.file_root import Root

Pixels = np.ndarray[Any, Any]


def drawn(height: int = 23, width: int = 31, channels: int | None = 3, seed: int = 0) -> Pixels:
    """Smooth drawn pixels in uint8."""
    shape = (4, 5) if channels is None else (4, 5, channels)
    small = np.random.default_rng(seed).integers(0, 256, shape).astype("uint8")
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def save(folder: Path, name: str, pixels: Pixels | Image.Image, **options: Any) -> str:
    """Write an image; its path from the folder."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    image.save(folder / name, **options)
    return name


def read(folder: Path, reader: Any, paths: list[str], wanted: Any = None) -> Pixels:
    """What a reader of the column `file` makes of the files at `paths`."""
    bound = READERS.build(reader).below(Root(folder, folder))
    column = np.array(paths, np.dtypes.StringDType())
    found: Pixels = bound.read({"file": column}, wanted)
    return found

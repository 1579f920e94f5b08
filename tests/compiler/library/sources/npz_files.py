"""Makes .npz files of any content, and loads them with the source."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root


def npy(array: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def header(shape: str, dtype: str = "'<f4'", version: bytes = b"\x01\x00") -> bytes:
    """A .npy header that declares whatever it likes."""
    text = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    size = len(text).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + size + text


def write(root: Root, members: dict[str, bytes], name: str = "a.npz", method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(root.folder / name, "w", method) as file:
        for member, content in members.items():
            file.writestr(member, content)


def refused(root: Root, code: str = "E405", notation: Any = None) -> RunError:
    """The error with which the source refuses to load."""
    source = SOURCES.build(notation or {"npz": "a.npz"})
    with pytest.raises(RunError) as caught:
        source.load(root)
    assert caught.value.code == code
    return caught.value

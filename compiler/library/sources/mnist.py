"""The MNIST digits, from the cache folder, or downloaded into it once."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import BinaryIO

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, Loaded, Source
from modelc.compiler.library.sources.npy_header import Header
from modelc.compiler.syntax.file_root import Root, open_regular

FILE = "mnist.npz"
LIMIT = 16 * 2**20
"""More bytes than any of the files has."""
NPZ = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
NPZ_DIGEST = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
IDX = "https://ossci-datasets.s3.amazonaws.com/mnist/"
IDX_FILES = {
    "x_train": ("train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    "y_train": ("train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    "x_test": ("t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    "y_test": ("t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
}
SHAPES = {"x_train": (60_000, 28, 28), "y_train": (60_000,), "x_test": (10_000, 28, 28), "y_test": (10_000,)}


class Mnist(Source):
    """70,000 handwritten digits, 28x28 pixels (LeCun, Cortes and Burges, 1998): 60,000 for training, 10,000 for testing.

    Columns: `image`, uint8 `[28, 28]` with values from 0 to 255, and `label`, 0 to 9. The file `mnist.npz` in the cache
    folder (arrays x_train, y_train, x_test, y_test) is used if it is there, else it is downloaded once.
    """

    spellings = ("MNIST", "mnist_784", "digits28")
    example = "mnist"

    def columns(self) -> Mapping[str, Column] | None:
        return {
            "image": Column(TensorType((28, 28), "uint8"), rows=60_000),
            "label": Column(TensorType((), "uint8"), classes=10, rows=60_000),
        }

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        from modelc.compiler.library.sources.archive import read_arrays, read_headers

        path = root.cache / FILE
        # Not `Path.exists`, which raises where a folder above may not be searched.
        if not os.path.exists(path):
            download(path)
        with open_regular(path, str(path)) as file:
            check_headers(read_headers(file, str(path)).headers, path)
            arrays = read_arrays(file, str(path), SHAPES)
        check_labels(arrays, path)
        return Loaded(
            {"image": arrays["x_train"], "label": arrays["y_train"]},
            {"image": arrays["x_test"], "label": arrays["y_test"]},
        )


def check_headers(headers: Mapping[str, Header], path: Path) -> None:
    """Raise RunError E405 unless the arrays in `path` are those of MNIST, by their names, shapes and dtypes."""
    for name, shape in SHAPES.items():
        header = headers.get(name)
        if header is None:
            raise unlike_mnist(path, f"has no array `{name}`")
        if (header.shape, header.dtype) != (shape, "uint8"):
            found = f"{list(header.shape)} {header.dtype}"
            raise unlike_mnist(path, f"has {found} as `{name}`, expected {list(shape)} uint8")


def check_labels(arrays: Mapping[str, NumpyArray], path: Path) -> None:
    """Raise RunError E405 for labels that MNIST does not have."""
    for name, shape in SHAPES.items():
        if len(shape) == 1 and arrays[name].max() > 9:
            highest = arrays[name].max()
            raise unlike_mnist(path, f"has the label {highest} in `{name}`, MNIST has labels from 0 to 9")


def unlike_mnist(path: Path, problem: str) -> RunError:
    from modelc.compiler.library.sources.published_files import another_file

    return another_file(path, problem)


def download(path: Path) -> None:
    """Make the file at `path` from the first mirror that has it, checked and whole. Raises RunError E406."""
    from io import BytesIO

    from modelc.compiler.library.sources.download import Unreachable, fetch, write_whole
    from modelc.compiler.library.sources.idx import read_idx

    try:
        content = fetch(NPZ, NPZ_DIGEST, LIMIT)
    except Unreachable as error:
        reasons = [str(error)]
    else:
        write_whole(path, lambda file: file.write(content))
        return
    try:
        packed = {name: fetch(IDX + file, digest, LIMIT) for name, (file, digest) in IDX_FILES.items()}
    except Unreachable as error:
        reasons.append(str(error))
    else:
        arrays = {name: read_idx(BytesIO(content), SHAPES[name]) for name, content in packed.items()}
        write_whole(path, lambda file: save(file, arrays))
        return
    raise RunError(
        "E406",
        "MNIST is not in the cache and could not be downloaded",
        notes=tuple(reasons),
        helps=(f"without a network here, download {NPZ} and put it here: {path}",),
    )


def save(file: BinaryIO, arrays: Mapping[str, NumpyArray]) -> None:
    """Write `arrays` as a compressed .npz."""
    np.savez_compressed(file, allow_pickle=False, **arrays)

"""A source of a plug-in that reads records of a binary file, with a fault where its arguments ask for one."""

import struct
from pathlib import Path

import numpy as np

from modelc.runtime.data.arrays import Array

CODE = '''\
"""Records of a binary file."""

import struct
from contextlib import contextmanager
from typing import Annotated

from pydantic import Field

from modelc import RunError
from modelc.plugin import Column, Rows, Source, TensorType

FILES = []


class Records(Source):
    """A header, `<4sI` with `MEAS` and the number of records, then two float32 and an int32 in each."""

    primary = "file"
    example = "records: rows.bin"
    slow_to_read = True
    kept_as = "1"
    endings = (".bin",)

    file: Annotated[str, Field(min_length=1, description="The file, relative to the spec.")]
    fault: Annotated[str, Field(description="What is done wrong.")] = ""

    def files(self):
        return (self.file,)

    @contextmanager
    def open(self, root):
        with root.open(self.file) as file:
            header = file.read(8)
            if len(header) < 8 or header[:4] != b"MEAS":
                raise RunError("E405", f"{self.file!r} has no records", helps=("name a file that begins with `MEAS`",))
            (count,) = struct.unpack("<I", header[4:])
            wide = "float64" if self.fault == "another dtype" else "float32"
            shape = (3,) if self.fault == "another shape" else (2,)
            columns = {
                "x": Column(None if self.fault == "no type" else TensorType(shape, wide)),
                "y": Column(TensorType((), "int32")),
            }

            def read(names, start, stop):
                import numpy as np

                FILES.append((tuple(names), start, stop))
                record = np.dtype([("x", "<f4", 2), ("y", "<i4")])
                file.seek(8 + start * record.itemsize)
                table = np.frombuffer(file.read((stop - start) * record.itemsize), record)
                if self.fault == "a range too short":
                    table = table[:-1]
                found = {name: table[name].copy() for name in names}
                if self.fault == "unequal lengths":
                    found["y"] = found["y"][1:]
                if self.fault == "no column":
                    del found["x"]
                if self.fault == "a list":
                    found["y"] = found["y"].tolist()
                return found

            count = -1 if self.fault == "no number of rows" else count
            yield Rows(count, columns, read, lambda row: f"record {row + 1} of {self.file!r}")


PLUGIN = {"source.records": Records}
'''
FAULTS = {
    "another dtype": "gives rows of type [2] float32 of `x` for the rows 0 to 40, and says that they are of type [2] float64",
    "another shape": "gives rows of type [2] float32 of `x` for the rows 0 to 40, and says that they are of type [3] float32",
    "a range too short": "gives 39 rows of `x` for the rows 0 to 40",
    "unequal lengths": "gives 39 rows of `y` for the rows 0 to 40",
    "no column": "gives no `x` for the rows 0 to 40",
    "a list": "gives a list as `y`, expected an array",
    "no number of rows": "says that it has -1 rows",
    "no type": "does not say of which type `x` is",
}


def records(count: int = 40, seed: int = 0) -> dict[str, Array]:
    """The columns of so many records, whose label a linear model can learn."""
    x = np.random.default_rng(seed).normal(size=(count, 2)).astype("<f4")
    return {"x": x, "y": (x[:, 0] > x[:, 1]).astype("<i4")}


def write_records(path: Path, columns: dict[str, Array]) -> Path:
    """A file of records."""
    table = np.zeros(len(columns["x"]), [("x", "<f4", 2), ("y", "<i4")])
    table["x"], table["y"] = columns["x"], columns["y"]
    path.write_bytes(struct.pack("<4sI", b"MEAS", len(table)) + table.tobytes())
    return path

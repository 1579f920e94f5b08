"""Copies of csv files in a form that the engine reads: in UTF-8, or with every field in quotes. They have no name."""

import codecs
import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.sources.tables.csv_faults import records, undecodable, what_is_wrong
from modelc.compiler.library.sources.tables.headers import Dialect, any_length

CHUNK = 2**20


@contextmanager
def in_utf8(file: BinaryIO, shown: str, dialect: Dialect) -> Iterator[BinaryIO]:
    """The text of an open file in another encoding, as UTF-8. Raises RunError E405, E502."""
    decoder = codecs.getincrementaldecoder(dialect.encoding)()
    file.seek(0)
    with tempfile.TemporaryFile(prefix="modelc-") as copy:
        try:
            while chunk := file.read(CHUNK):
                copy.write(decoder.decode(chunk).encode())
            copy.write(decoder.decode(b"", final=True).encode())
            copy.flush()
        except UnicodeError:
            raise undecodable(file, shown, dialect) from None
        except OSError as error:
            raise no_room(shown, error, "save the file in UTF-8") from None
        yield copy


@contextmanager
def in_quotes(file: BinaryIO, shown: str, dialect: Dialect, width: int) -> Iterator[tuple[BinaryIO, Dialect]]:
    """The rows of an open file of `width` columns that the standard library can read, in UTF-8, with every field in quotes and
    one kind of line ends, without those that are left out; and how this is written. Raises RunError E502.
    """
    names = dialect.column_names or (*map(str, range(width)),)
    with tempfile.TemporaryFile(prefix="modelc-") as copy:
        stream = io.TextIOWrapper(copy, "utf-8", newline="")
        try:
            with any_length():
                writer = csv.writer(stream, delimiter=dialect.delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
                found = records(file, dialect, width)
                writer.writerows(one.fields for one in found if not (dialect.lenient and what_is_wrong(one, width)))
            stream.flush()
        except OSError as error:
            raise no_room(shown, error, "write it with one kind of line ends") from None
        finally:
            stream.detach()
        yield copy, replace(dialect, encoding="utf-8", column_names=names, above=0)


def no_room(shown: str, error: OSError, help: str) -> RunError:
    """The error E502 for a copy that the disk refuses."""
    from modelc.compiler.syntax.file_root import reason_of

    return RunError("E502", f"there is no room for a copy of {shown!r}: {reason_of(error)}", helps=(help,))

"""The table engine, duckdb, in a sandbox: it sees one open file at a time, writes nothing but what it spills and, to be a table, that file, loads nothing.

A path never gets to it: the file is opened beneath the root, and its descriptor is all that the engine may open.
Names of columns that are read do not get to it either: in queries, columns are called by their number.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.base.memory import available_memory
from modelc.compiler.library.base.processors import processors

if TYPE_CHECKING:
    import duckdb

LEAST_MEMORY = 256 * 2**20
"""The engine does not work with less."""
ROWS_AT_ONCE = 2**17
"""As many rows of a result are in memory as the engine has them, beside the arrays that they are put into."""
NOTHING_LOADED = {
    "allow_community_extensions": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}


class EngineError(Exception):
    """What the engine says of a file, on one line."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A connection, and the only path that it may open."""

    connection: "duckdb.DuckDBPyConnection"
    path: str

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """All rows of a query. Raises EngineError, RunError E502."""
        with reported():
            return self.connection.execute(query, values or None).fetchall()

    def arrays(self, query: str, **values: Any) -> Iterator[tuple[NumpyArray, ...]]:
        """The columns of a query as arrays, some rows after each other; masked where values are missing.

        Raises EngineError, RunError E502.
        """
        with reported():
            self.connection.execute(f"create or replace temp table result as {query}", values or None)
        try:
            (rows,) = self.rows("select count(*) from result")[0]
            for start in range(0, rows, ROWS_AT_ONCE):
                with reported():
                    self.connection.execute(
                        f"select * from result where rowid >= {start} and rowid < {start + ROWS_AT_ONCE} order by rowid"
                    )
                    found = self.connection.fetchnumpy()
                yield tuple(found.values())
        finally:
            with reported():
                self.connection.execute("drop table if exists result")


@contextmanager
def engine(file: BinaryIO) -> Iterator[Engine]:
    """A connection that reads the open `file`, for as long as the block needs it. Raises RunError E502."""
    import duckdb

    path = f"/dev/fd/{file.fileno()}"
    with (
        tempfile.TemporaryDirectory(prefix="modelc-") as spill,
        reported(),
        duckdb.connect(":memory:", config=settings(spill)) as connection,
    ):
        connection.execute("set enable_external_file_cache = false")
        connection.execute("set enable_progress_bar = false")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set allowed_paths = ['{path}']")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield Engine(connection, path)


def settings(spill: str) -> dict[str, Any]:
    """What the engine may use: half of the memory that there is, and the folder `spill` beyond it."""
    there = available_memory()
    most = LEAST_MEMORY if there is None else max(there // 2, LEAST_MEMORY)
    return {
        **NOTHING_LOADED,
        "threads": processors() or 1,
        "memory_limit": f"{most // 2**20}MiB",
        "temp_directory": spill,
    }


@contextmanager
def reported() -> Iterator[None]:
    """Turn what the engine raises in the block into EngineError, or RunError E502 where memory does not suffice."""
    import duckdb

    try:
        yield
    except (duckdb.OutOfMemoryException, MemoryError):
        raise RunError(
            "E502",
            "the table does not fit into the memory that is available",
            helps=("read fewer columns, or keep fewer rows in the file",),
        ) from None
    except duckdb.Error as error:
        raise EngineError(str(error).strip().split("\n")[0]) from None


def quoted(text: str) -> str:
    """A text of one's own as the engine's SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def named(column: str) -> str:
    """The name of a column that is written as the engine's SQL has it."""
    return '"' + column.replace('"', '""') + '"'


def numbered(count: int | Sequence[int]) -> list[str]:
    """What columns are called in queries."""
    return [f"c{number}" for number in (range(count) if isinstance(count, int) else count)]

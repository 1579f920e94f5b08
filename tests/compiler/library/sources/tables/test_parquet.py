"""The source `parquet`: the types that files say, and those that can be no column."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.library.contracts.data_source import Column, Source, refused_arrays
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path, tmp_path / "cache")


def source(train: Any = "a.parquet", **arguments: Any) -> Source:
    return SOURCES.build({"parquet": {"train": train, **arguments}})


def write(root: Root, query: str, name: str = "a.parquet") -> None:
    """A file with the rows of a query."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"copy ({query}) to '{root.folder / name}' (format parquet)")


def columns(root: Root, names: Any, trained: Mapping[str, Column] | None = None) -> Mapping[str, Column]:
    found = source().typed(trained or {}).survey(root, names).columns
    assert found is not None
    return found


VALUES: dict[str, tuple[str, str, list[Any]]] = {
    "boolean": ("true", "bool", [True]),
    "tinyint": ("(-3)::tinyint", "int8", [-3]),
    "smallint": ("300::smallint", "int16", [300]),
    "integer": ("70000::integer", "int32", [70_000]),
    "bigint": ("9007199254740993::bigint", "int64", [2**53 + 1]),
    "utinyint": ("200::utinyint", "uint8", [200]),
    "usmallint": ("60000::usmallint", "uint16", [60_000]),
    "uinteger": ("4000000000::uinteger", "uint32", [4_000_000_000]),
    "ubigint": ("18446744073709551615::ubigint", "uint64", [2**64 - 1]),
    "float": ("1.5::float", "float32", [1.5]),
    "double": ("0.1::double", "float64", [0.1]),
    "nan": ("'inf'::double", "float64", [float("inf")]),
    "decimal": ("12345678901.25::decimal(15,2)", "float64", [12345678901.25]),
    "wide decimal": ("0.5::decimal(30,10)", "float64", [0.5]),
    "text": ("'é😀 00712'", "str", ["é😀 00712"]),
    "enum": ("'b'::enum('a', 'b')", "str", ["b"]),
    "uuid": ("'5e1f3b9e-9a3c-4f4a-8d5a-3d0b6c5a7f10'::uuid", "str", ["5e1f3b9e-9a3c-4f4a-8d5a-3d0b6c5a7f10"]),
    "date": ("date '2026-01-31'", "str", ["2026-01-31"]),
    "timestamp": ("timestamp '2026-01-31 12:34:56.5'", "str", ["2026-01-31T12:34:56.5"]),
    "timestamp with zone": ("timestamptz '2026-01-31 12:34:56+02'", "str", ["2026-01-31T10:34:56+00"]),
    "time": ("time '12:34:56'", "str", ["12:34:56"]),
    "list": ("[1, 2, 3]::smallint[]", "int16", [[1, 2, 3]]),
    "lists of lists": ("[[1.5, 2], [3, 4], [5, 6]]::double[][]", "float64", [[[1.5, 2.0], [3.0, 4.0], [5.0, 6.0]]]),
    "lists three deep": ("[[[1], [2]]]::integer[][][]", "int32", [[[[1], [2]]]]),
    "list of text": ("['a', 'bc']", "str", [["a", "bc"]]),
}


@pytest.mark.parametrize("case", VALUES)
def test_types_are_those_of_the_file(root: Root, case: str) -> None:
    value, dtype, wanted = VALUES[case]
    write(root, f"select {value} as v, 1 as other")
    column = columns(root, ["v"])["v"]
    assert column.type is not None and column.type.dtype == dtype and column.rows == 1
    array = source().load(root, ["v"]).train["v"]
    assert array.tolist() == wanted and array.shape[1:] == column.type.shape
    assert array.dtype.kind == "T" if dtype == "str" else array.dtype == dtype


@pytest.mark.parametrize("case", [case for case in VALUES if "list" not in case])
def test_missing_values_are_masked(root: Root, case: str) -> None:
    value, _, wanted = VALUES[case]
    write(root, f"select * from (select 1 as place, {value} as v union all select 0, null) order by place")
    array = source().load(root).train["v"]
    assert isinstance(array, np.ma.MaskedArray) and array.tolist() == [None, *wanted]


REFUSED = {
    "blob": ("'\\xAA'::blob", "has bytes"),
    "structure": ("{'a': 1}", "has structures"),
    "map": ("map {'a': 1}", "has maps"),
    "interval": ("interval 1 day", "has lengths of time"),
    "decimal beyond float64": (
        "1234567890123456789.5::decimal(30,1)",
        "1 decimal in 'a.parquet' that float64 would round",
    ),
    "empty lists": ("[]::integer[]", "has empty lists"),
    "a missing value in a list": ("[1, null]", "has missing values in its lists"),
    "lists in lists of several lengths": (
        "[[1], [2, 3]]",
        "has lists of different lengths in 'a.parquet', from 1 to 2",
    ),
    "lists of structures": ("[{'a': 1}]", "has lists of the type STRUCT"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_columns_of_other_types_are_errors_of_what_reads_them(root: Root, case: str) -> None:
    value, words = REFUSED[case]
    write(root, f"select {value} as v, 1 as other")
    (error,) = refused_arrays(columns(root, ["v", "other"])).values()
    assert error.code == "E402" and words in error.message
    with pytest.raises(RunError) as caught:
        source().load(root, ["v"])
    assert words in caught.value.message
    assert source().load(root, ["other"]).train["other"].tolist() == [1]


def test_lists_of_several_lengths_and_missing_ones_are_refused(root: Root) -> None:
    write(root, "select [1, 2] as v union all select [3]")
    assert "from 1 to 2" in refused_arrays(columns(root, ["v"]))["v"].message
    write(root, "select [1, 2] as v union all select null")
    assert "missing values in its lists" in refused_arrays(columns(root, ["v"]))["v"].message


def test_many_rows_keep_their_order_and_values(root: Root) -> None:
    write(
        root,
        "select i::bigint as i, (i * 0.1)::double as f, 'text ' || i as t, [i, i + 1]::integer[] as l from range(300000) r(i)",
    )
    found = source().load(root).train
    assert (found["i"] == np.arange(300_000)).all()
    assert found["t"][299_999] == "text 299999"
    assert (found["l"][:, 1] == np.arange(1, 300_001)).all()


def test_names_are_those_of_the_file(root: Root) -> None:
    name = 'a"); drop table result; --'
    write(root, f"""select 1 as "{name.replace('"', '""')}", {{'x': 1, 'y': [2]}} as s, 2 as "it's", 3 as c0""")
    assert set(columns(root, [])) == {name, "s", "it's", "c0"}
    assert source().load(root, [name, "c0"]).train[name].tolist() == [1]


def test_several_files_are_one_table(root: Root) -> None:
    write(root, "select 1::integer as n, 'a' as t", "a.parquet")
    write(root, "select 't' as t, 9007199254740993::bigint as n", "b.parquet")
    found = source("*.parquet").load(root).train
    assert found["n"].tolist() == [1, 2**53 + 1] and found["n"].dtype == np.int64 and found["t"].tolist() == ["a", "t"]
    write(root, "select 1 as t, 2 as n", "c.parquet")
    with pytest.raises(RunError, match=r"`t` has the type VARCHAR in 'a.parquet', and INTEGER in 'c.parquet'"):
        source("*.parquet").load(root, ["t"])
    write(root, "select 1 as t", "c.parquet")
    with pytest.raises(RunError, match=r"'a.parquet' has the column `n`, and 'c.parquet' has not"):
        source("*.parquet").load(root, ["t"])


def test_new_rows_are_read_as_the_rows_of_training_were(root: Root) -> None:
    write(root, "select '00712' as zip, 1.5 as n", "a.parquet")
    write(root, "select 712 as zip, 2 as n", "b.parquet")
    loaded = source(test="b.parquet").load(root)
    assert loaded.test is not None and loaded.test["zip"].tolist() == ["712"] and loaded.test["n"].tolist() == [2]
    write(root, "select 7.5 as zip, 'x' as n", "b.parquet")
    with pytest.raises(RunError, match=r"was text in the training rows, and is float64 in 'b.parquet'"):
        source(test="b.parquet").load(root, ["zip"])
    with pytest.raises(RunError, match=r"was numbers in the training rows, and is text in 'b.parquet'"):
        source(test="b.parquet").load(root, ["n"])


def test_files_that_are_none_are_refused(root: Root) -> None:
    (root.folder / "a.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(RunError, match=r"'a.parquet' is no Parquet file"):
        source().inspect(root)
    write(root, "select range as n from range(1000)")
    whole = (root.folder / "a.parquet").read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-1], whole[:4], whole[:20] + b"\0" * 100 + whole[120:]):
        (root.folder / "a.parquet").write_bytes(damaged)
        with pytest.raises(RunError) as caught:
            source().load(root)
        assert caught.value.code == "E405" and "/dev/fd" not in " ".join((caught.value.message, *caught.value.notes))
    with pytest.raises(AbsentFile):
        source("b.parquet").load(root)


def test_a_file_without_rows_is_refused(root: Root) -> None:
    write(root, "select 1 as n where false")
    with pytest.raises(RunError, match="has no rows") as caught:
        source().load(root)
    assert caught.value.code == "E404"


@pytest.mark.parametrize("path", ["../a.parquet", "link.parquet", "https://x.org/a.parquet", "/dev/fd/3"])
def test_only_files_beneath_the_root_are_read(root: Root, path: str) -> None:
    inner = Root(root.folder / "inner", root.cache)
    inner.folder.mkdir()
    write(root, "select 1 as n")
    (inner.folder / "link.parquet").symlink_to(root.folder / "a.parquet")
    with pytest.raises(RunError) as caught:
        source(path).load(inner)
    assert caught.value.code == "E405"

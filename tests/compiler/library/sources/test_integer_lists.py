"""Pickles of lists of integers, and hostile ones: whatever they hold, nothing is called and memory is bounded."""

import os
import pickle
import pickletools
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelc.compiler.library.sources import integer_lists
from modelc.compiler.library.sources.integer_lists import NotIntegers, read_integer_lists
from tests.compiler.library.sources.published import lists

LISTS = st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=20), max_size=8)


def read(pickled: bytes) -> list[list[int]]:
    found = read_integer_lists(pickled)
    begins = [0, *found.ends[:-1]] if found.ends else []
    return [found.integers[begin:end].tolist() for begin, end in zip(begins, found.ends, strict=True)]


def pickled(values: list[Any], protocol: int = 4) -> bytes:
    return pickle.dumps(lists(values), protocol=protocol)


@pytest.mark.parametrize("protocol", [3, 4, 5])
@settings(max_examples=60, deadline=None)
@given(values=LISTS)
def test_lists_come_back(protocol: int, values: list[list[int]]) -> None:
    assert read(pickled(values, protocol)) == values


def test_long_lists_come_back() -> None:
    values = [[*range(count)] for count in (0, 1, 255, 256, 257, 999, 1_000, 1_001, 2_000, 70_000)]
    assert read(pickled(values)) == values


def test_the_same_list_may_stand_twice() -> None:
    one = [1, 2, 3]
    assert read(pickled([one, [4], one])) == [one, [4], one]


# As Python 2 wrote it, with byte strings, in protocol 2: the file of Keras is as old.
PYTHON2 = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85q\x03U\x01bq\x04\x87q\x05Rq\x06"
    b"(K\x01K\x02\x85q\x07cnumpy\ndtype\nq\x08U\x02O8q\x09K\x00K\x01\x87q\x0aRq\x0b(K\x03U\x01|NNNJ\xff\xff\xff\xff"
    b"J\xff\xff\xff\xffK?tb\x89]q\x0c(]q\x0d(K\x05M\x39\x05e]q\x0eK\x07aetb."
)


def test_what_python_2_wrote_comes_back() -> None:
    found = pickle.loads(PYTHON2)
    assert [*found] == [[5, 1337], [7]]
    assert read(PYTHON2) == [[5, 1337], [7]]


class Attack:
    """Pickles to a call."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        function, *arguments = self.call
        return function, tuple(arguments)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("place", ["whole", "row", "word"])
def test_no_call_is_made(protocol: int, place: str, tmp_path: Any) -> None:
    attack = Attack(os.mkdir, str(tmp_path / "made"))
    value = {"whole": attack, "row": lists([attack, [1]]), "word": lists([[1, attack]])}[place]
    with pytest.raises(NotIntegers):
        read_integer_lists(pickle.dumps(value, protocol=protocol))
    assert not (tmp_path / "made").exists()
    pickle.loads(pickle.dumps(value, protocol=protocol))
    assert (tmp_path / "made").exists(), "the attack is one"


@pytest.mark.parametrize(
    "value",
    [
        [[1, 2]],
        np.arange(3),
        np.array([[1], [2]], dtype=object),
        lists([["a"]]),
        lists([[1.5]]),
        lists([[[1]]]),
        lists([1, 2]),
        lists([None]),
        lists([[2**31]]),
        lists([[1 << 400]]),
        lists([{1: 2}]),
        lists([{1, 2}]),
        lists([b"bytes"]),
        lists([np.int64(3)]),
        lists([np.arange(3)]),
        np.dtype("O"),
        np.ndarray,
        "text",
        None,
        {},
    ],
    ids=repr,
)
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(NotIntegers):
        read_integer_lists(pickle.dumps(value))


def array_of(items: bytes, shape: bytes = b"K\x01\x85") -> bytes:
    """The pickle of an array whose list of rows is what `items` leave on the stack."""
    head = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
    return head + shape + b"cnumpy\ndtype\nU\x02O8K\x00K\x01\x87R\x89" + items + b"tb."


def test_the_pickle_that_is_varied_is_read() -> None:
    assert read(array_of(b"](](K\x05ee")) == [[5]]


@pytest.mark.parametrize(
    "pickled",
    [
        b"",
        b"\x80",
        b"\x80\x04",
        b"\x80\x04.",
        b".",
        b"\x00",
        b"]q\x00h\x00a.",
        b"h\x63.",
        array_of(b"](](K\x05ee")[:-1],
        array_of(b"](](K\x05ee", b"K\x02\x85"),
        array_of(b"](](K\x05ee", b"J\xff\xff\xff\x7f\x85"),
        array_of(b"]q\x00h\x00a"),
        array_of(b"]q\x00(](K\x05eh\x00e"),
        array_of(b"](](K\x05eK\x01e"),
        array_of(b"(K\x01t"),
        array_of(b"N"),
        b"cos\nsystem\n(U\x02idtR.",
        b"c__builtin__\neval\n(U\x011tR.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.",
        b"cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85R.",
        b"cnumpy\nndarray\n(J\xff\xff\xff\x7ftR.",
        b"cnumpy.core.multiarray\n_reconstruct\ncos\nsystem\nK\x00\x85U\x01b\x87R.",
        b"(i__builtin__\neval\n.",
        b"\x82\x01.",
        b"Pid\n.",
        b"cnumpy\nndarray\n)\x81.",
        b"r\xff\xff\xff\xff.",
        b"]r\xff\xff\xff\xff.",
        b"T\xff\xff\xff\x7fabc.",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
        b"\x8b\xff\xff\xff\x7fabc.",
        b"(" * 10**6 + b".",
        b"]" * 10**6 + b".",
        b"K\x01" * 10**6 + b".",
        b"]" + b"\x85" * 10**6 + b".",
    ],
    ids=lambda content: repr(content[:30]),
)
def test_hostile_pickles_are_refused_in_little_memory(pickled: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(NotIntegers):
            read_integer_lists(pickled)
        assert tracemalloc.get_traced_memory()[1] < 50 * 10**6
    finally:
        tracemalloc.stop()


def test_a_list_that_stands_many_times_takes_no_more_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integer_lists, "MAX_INTEGERS", 10**5)
    one = [*range(1000)]
    assert len(read(pickled([one] * 100))) == 100
    with pytest.raises(NotIntegers):
        read_integer_lists(pickled([one] * 101))


def test_bytes_at_random_are_lists_or_refused() -> None:
    generator = np.random.default_rng(0)
    whole = pickled([[1, 300, 70_000], [5], []])
    for _ in range(3_000):
        changed = bytearray(whole)
        for _ in range(generator.integers(1, 4)):
            changed[generator.integers(len(changed))] = generator.integers(256)
        try:
            found = read(bytes(changed))
        except NotIntegers:
            continue
        assert all(isinstance(word, int) for review in found for word in review)


def test_every_opcode_that_is_read_is_one_of_pickle() -> None:
    names = {opcode.name for opcode in pickletools.opcodes}
    assert integer_lists.OPCODES.keys() <= names
    for dangerous in ("INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID"):
        assert dangerous in names and dangerous not in integer_lists.OPCODES

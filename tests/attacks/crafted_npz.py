"""Makes hostile .npz files: damaged bytes, lies in the structure of the zip, and headers that no writer writes."""

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import numpy as np

ROWS = 24
COLUMNS: dict[str, Any] = {
    "x": np.linspace(-1, 1, 4 * ROWS, dtype=np.float32).reshape(ROWS, 4),
    "y": np.arange(ROWS) % 3,
}
OTHERS: dict[str, Any] = {
    "flag": np.arange(ROWS) % 2 == 0,
    "name": np.array([f"dög {row}" for row in range(ROWS)]),
    "code": np.array([b"%d" % row for row in range(ROWS)]),
    "half": np.ones((ROWS, 2, 3), np.float16),
    "foreign": np.arange(ROWS, dtype=">i8"),
}
HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (24, 4), }"
DESCRS = (
    *("'<f4'", "'>f4'", "'|f4'", "'=f4'", "'f4'", "'<f8'", "'<f2'", "'<f16'", "'<c8'", "'float32'", "'bfloat16'"),
    *("'|O'", "'O'", "'<M8[s]'", "'<m8'", "'|V4'", "'|V0'", "'<U0'", "'|S0'", "'<U1'", "'|S4'", "'<U999999999'"),
    *("'f4,f4'", "'(2,2)f4'", "'4f4'", "[('a', '<f4')]", "[('a', '<f4', (2,))]", "[(('t', 'n'), '<f4')]", "[]", "()"),
    *("[('a', [('b', '<f4')])]", "{}", "{'names': ['a'], 'formats': ['<f4']}", "''", "'<'", "'f'", "'e'", "'p'", "','"),
    *("'<f4\\x00'", "'\\x3cf4'", "'nonsense'", "b'<f4'", "u'<f4'", "None", "True", "4", "4.0", "1j", "...", "'<f4"),
    *("'<f-4'", "'<f04'", "'<f4'*2", "'<f' '4'", "__import__('os')", "[" * 300, "'<i4'", "'|b1'", "'|u1'", "'?'"),
)
SHAPES = (
    *("(24, 4)", "(24,4)", "(24, 4,)", "(24L, 4L)", "[24, 4]", "24", "()", "(24,)", "(4, 24)", "(0, 4)", "(24, 0)"),
    *("(-1, 4)", "(-24, -4)", "(2.0, 4)", "(True, 96)", "(24, '4')", "(24, None)", "(99999999999999999999, 4)", "None"),
    *("(" + "1, " * 200 + ")", "(" + "1, " * 3000 + ")", "(" * 90 + ")" * 90, "(024, 4)", "(2_4, 4)", "(0x18, 4)"),
    *("(10**9, 4)", "(4611686018427387904, 4)", "(24, 4", "(24 4)", "(,)", "(24,,4)", "(24, 4), 'x': 1", "(2, 48)"),
    *("(1000000000000000000, 0)", "(24, " + "9" * 5000 + ")", "-" * 5000 + "1", "(24 + 0, 4)", "({},)", "(24, (4,))"),
)
ORDERS = ("False", "True", "0", "None", "'False'", "not True", "False or True", "true", "[]")
WHOLE = (
    *("", " ", "\n", "{", "}", "{}", "[]", "None", "{{}}", "{[]: 1}", "{1: 2, 'a': 3}", "\n  {'a': 1}", "{\n\tx:\n y}"),
    *(
        "{" * 900,
        "[" * 9000,
        "(" * 9000,
        "-" * 9000,
        "{1:" * 900,
        "'" * 3001,
        "\\",
        "{'descr': ",
        "\x00",
        "#",
        "\x93NUMPY",
    ),
    *("{'descr': '<f4', 'fortran_order': False}", "{'shape': (24, 4)}", "lambda: 0", "{**{}}", "f'{1}'", "a" * 9990),
    *("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (24, 4)}", HEADER + HEADER, HEADER + " x"),
    *('{"descr": "<f4", "fortran_order": False, "shape": (24, 4)}', HEADER + " " * 20_000, HEADER + "#" * 70_000),
    *(HEADER.replace(" ", ""), HEADER.replace(" ", "\n"), HEADER.replace(" ", "\t"), HEADER.replace(" ", "\xa0")),
)
NAMES = (
    *("x.npy", "y.npy", "../x.npy", "/x.npy", "a/x.npy", "a\\x.npy", "x", "x.pkl", ".npy", "", "x.npy/", "a\nb.npy"),
    *("\u202ex.npy", "x\0.npy", "x" * 60_000 + ".npy", "::error::x.npy", "\ud7ff.npy", "\u2028.npy", "X.NPY", "..npy"),
)
LIES = (0, 1, 2, 20, 255, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
METHODS = (0, 1, 8, 9, 12, 14, 93, 95, 99, 0xFFFF)


def crafted(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """`count` hostile files, each with a word for what was done to it; the same for the same seed."""
    random = Random(seed)
    for _ in range(count):
        kind = random.choice(tuple(KINDS))
        with warnings.catch_warnings():
            # Of members that come twice, and of headers that numpy can only write in a later version.
            warnings.simplefilter("ignore")
            yield kind, KINDS[kind](random)


def honest(random: Random) -> bytes:
    """A file that is as it should be, of one of the ways to write it."""
    columns = COLUMNS | {name: array for name, array in OTHERS.items() if random.random() < 0.3}
    if random.random() < 0.2:
        columns["x"] = np.asfortranarray(columns["x"])
    file = io.BytesIO()
    random.choice((np.savez, np.savez_compressed))(file, **columns)
    return file.getvalue()


def damaged(random: Random) -> bytes:
    """Bytes changed, cut out, put in or moved anywhere."""
    raw = bytearray(honest(random))
    for _ in range(random.randint(1, 6)):
        at, length = random.randrange(len(raw) + 1), random.choice((1, 1, 1, 2, 4, 30, 300))
        match random.randrange(5):
            case 0:
                raw[at : at + length] = random.randbytes(len(raw[at : at + length]))
            case 1:
                del raw[at : at + length]
            case 2:
                raw[at:at] = random.randbytes(length)
            case 3:
                raw[at:at] = raw[(start := random.randrange(len(raw))) : start + length]
            case _:
                raw[at : at + length] = random.choice((b"\0", b"\xff")) * len(raw[at : at + length])
        raw = raw or bytearray(b"PK")
    return bytes(raw)


def cut(random: Random) -> bytes:
    raw = honest(random)
    return raw[: random.randrange(len(raw))]


def structure(random: Random) -> bytes:
    """Numbers in the directory, in the end record or before a member that are lies."""
    raw = bytearray(honest(random))
    for _ in range(random.randint(1, 3)):
        signature, fields = random.choice(
            (
                (b"PK\x01\x02", ((4, "H"), (6, "H"), (8, "H"), (10, "H"), (16, "I"), (20, "I"), (24, "I"), (28, "H"))),
                (b"PK\x01\x02", ((30, "H"), (32, "H"), (34, "H"), (36, "H"), (38, "I"), (42, "I"))),
                (b"PK\x03\x04", ((4, "H"), (6, "H"), (8, "H"), (14, "I"), (18, "I"), (22, "I"), (26, "H"), (28, "H"))),
                (b"PK\x05\x06", ((4, "H"), (6, "H"), (8, "H"), (10, "H"), (12, "I"), (16, "I"), (20, "H"))),
            )
        )
        places = [at for at in range(len(raw)) if raw.startswith(signature, at)]
        (field, width), at = random.choice(fields), random.choice(places or [0])
        size = struct.calcsize(width)
        if at + field + size > len(raw):
            continue
        (before,) = struct.unpack_from("<" + width, raw, at + field)
        lie = random.choice((*LIES, *METHODS, before + 1, before - 1, before * 2, len(raw)))
        struct.pack_into("<" + width, raw, at + field, lie % 2 ** (8 * size))
    return bytes(raw)


def large_structure(random: Random) -> bytes:
    """The end record that is for archives above 4 GiB, with lies in it."""
    raw = bytearray(honest(random))
    end = raw.rindex(b"PK\x05\x06")
    count, size, offset = struct.unpack_from("<HII", raw, end + 10)
    numbers = [44, count, count, size, offset, end]
    numbers[random.randrange(6)] = random.choice((*LIES, 2**62, 2**64 - 1))
    length, first, second, size, offset, where = numbers
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", length, 45, 45, 0, 0, first, second, size, offset)
    struct.pack_into("<2H2I", raw, end + 8, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    return bytes(raw[:end] + record + struct.pack("<4sIQI", b"PK\x06\x07", 0, where, 1) + raw[end:])


def header(random: Random) -> bytes:
    """A member whose header is no writer's, in an archive that is as it should be."""
    text = random.choice(WHOLE)
    if random.random() < 0.75:
        parts = [
            f"'descr': {random.choice(DESCRS) if random.random() < 0.5 else DESCRS[0]}",
            f"'fortran_order': {random.choice(ORDERS) if random.random() < 0.3 else ORDERS[0]}",
            f"'shape': {random.choice(SHAPES) if random.random() < 0.6 else SHAPES[0]}",
        ]
        random.shuffle(parts)
        text = "{" + ", ".join(parts) + random.choice((", }", "}", ",}", "", "}}"))
    if random.random() < 0.2:
        at = random.randrange(len(text) + 1)
        text = (
            text[:at]
            + random.choice(("'", '"', "(", ")", "{", "}", ",", ":", "\\", "\0", "\xff", "\n", "L", "-"))
            + text[at:]
        )
    return archive(random, {"x.npy": member(random, text.encode("latin-1")), "y.npy": npy(COLUMNS["y"])})


def member(random: Random, text: bytes) -> bytes:
    """An array with `text` as its header, in a version and with a length that are now and then wrong."""
    version = random.choice((b"\1\0",) * 8 + (b"\2\0", b"\2\0", b"\3\0", b"\0\0", b"\1\1", b"\xff\xff"))
    width = 2 if version == b"\1\0" else 4
    text += b" " * (-(len(text) + 9 + width) % 64) + b"\n"
    length = len(text) if random.random() < 0.9 else random.choice((*LIES, len(text) - 1, len(text) + 1))
    magic = b"\x93NUMPY" if random.random() < 0.95 else random.choice((b"\x93NUMP", b"", b"PK\3\4", b"\x80\4]q\0."))
    values: bytes = COLUMNS["x"].tobytes()
    if random.random() < 0.2:
        values = random.choice((b"", values[:-1], values + b"\0", values * 2, bytes(100_000)))
    return magic + version + (length % (1 << 8 * width)).to_bytes(width, "little") + text + values


def names(random: Random) -> bytes:
    """Members of the wrong names, and several of one name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as zipped:
        for name, array in COLUMNS.items():
            zipped.writestr(f"{name}.npy", npy(array))
        for _ in range(random.choice((1, 1, 2, 300))):
            zipped.writestr(zipfile.ZipInfo(random.choice(NAMES) or "-"), npy(COLUMNS["x"]))
    return file.getvalue()


def kinds(random: Random) -> bytes:
    """Columns of types and shapes that the spec or modelc does not take."""
    column = random.choice(
        (
            np.array(3.0),
            np.array([None] * ROWS, object),
            np.zeros(ROWS, "M8[s]"),
            np.zeros(ROWS, "c16"),
            np.zeros(ROWS, "V3"),
            np.zeros(ROWS, [("a", "f4"), ("b", "i2", (2,))]),
            np.zeros((ROWS, 0), "f4"),
            np.zeros((0, 4), "f4"),
            np.zeros((ROWS, *(1,) * 60), "f4"),
            np.zeros(ROWS, "U40"),
            np.full((ROWS, 4), np.nan, "f4"),
            np.zeros((ROWS - 1, 4), "f4"),
            np.zeros((ROWS, 4), "f16"),
            np.asfortranarray(np.zeros((ROWS, 2, 2), ">f8")),
        )
    )
    name = random.choice(("x", "y", "other"))
    return archive(random, {f"{key}.npy": npy(array) for key, array in {**COLUMNS, name: column}.items()})


def bomb(random: Random) -> bytes:
    """Much that comes of little: what its header says, what only the directory says, or what nothing says."""
    size = random.choice((2**20, 2**23))
    text = HEADER.replace("(24, 4)", random.choice((f"(24, {size // 96})", "(24, 4)", f"({size // 4},)"))).encode()
    start = b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text
    content = start + bytes(random.choice((size // 96 * 96, size)))
    raw = bytearray(archive(random, {"x.npy": npy(COLUMNS["x"]), "y.npy": npy(COLUMNS["y"]), "other.npy": content}))
    if random.random() < 0.5:
        entry = raw.rindex(b"PK\x01\x02")
        struct.pack_into("<I", raw, entry + 24, random.choice((len(start) + 384, 2**31, len(content) + 1)))
    return bytes(raw)


def archive(random: Random, members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(file, "w", method) as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


KINDS: dict[str, Callable[[Random], bytes]] = {
    "honest": honest,
    "damaged": damaged,
    "cut": cut,
    "structure": structure,
    "large structure": large_structure,
    "header": header,
    "names": names,
    "kinds": kinds,
    "bomb": bomb,
}

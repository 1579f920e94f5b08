"""Small data sets in the layout of the published ones, and a local server that has their files."""

import gzip
import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

import numpy as np
import pytest

from modelc.compiler.library.sources import cifar, fashion_mnist, imdb
from modelc.compiler.library.sources.published_files import PublishedFile

ROWS = {"train": 50, "test": 10}
IMDB_ROWS = 20


class Small(NamedTuple):
    """A small data set: the contents of its files by their paths in the cache, and the columns that are in them."""

    source: str
    files: Mapping[str, bytes]
    train: Mapping[str, np.ndarray]
    test: Mapping[str, np.ndarray]


class Server:
    """Answers with the `files` by path; `asked` are the paths that were asked for."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}/"
        self.files: dict[str, bytes] = {}
        self.cut: set[str] = set()
        self.asked: list[str] = []


@contextmanager
def serving() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/")
            server.asked.append(path)
            content = server.files.get(path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if path in server.cut else content)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(http.server_address[1])
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def images(shape: tuple[int, ...], part: str, **classes: int) -> dict[str, np.ndarray]:
    rows = ROWS[part]
    generator = np.random.default_rng(len(part))
    return {
        "image": generator.integers(0, 256, (rows, *shape), dtype=np.uint8),
        **{name: generator.integers(0, count, rows, dtype=np.uint8) for name, count in classes.items()},
    }


def tar(members: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def records(columns: Mapping[str, np.ndarray], *labels: str) -> bytes:
    """What the page of CIFAR describes: the labels of an image, a byte each, then its red, green and blue values."""
    rows = zip(*(columns[name] for name in labels), columns["image"], strict=True)
    return b"".join(bytes(int(label) for label in given) + image.transpose(2, 0, 1).tobytes() for *given, image in rows)


def idx(array: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())


def small_fashion_mnist() -> Small:
    parts = [images((28, 28), part, label=10) for part in ROWS]
    files = {
        f"fashion-mnist/{name}-{kind}-ubyte.gz": idx(columns[column])
        for name, columns in zip(("train", "t10k"), parts, strict=True)
        for column, kind in (("image", "images-idx3"), ("label", "labels-idx1"))
    }
    return Small("fashion_mnist", files, *parts)


def small_cifar10() -> Small:
    train, test = (images((32, 32, 3), part, label=10) for part in ROWS)
    batches = {
        f"cifar-10-batches-bin/data_batch_{number + 1}.bin": records(
            {name: array[number * 10 : number * 10 + 10] for name, array in train.items()}, "label"
        )
        for number in range(5)
    }
    folder = "cifar-10-batches-bin/"
    # The archive has other files besides, and not in the order of their names.
    members = {f"{folder}batches.meta.txt": b"airplane\n", f"{folder}test_batch.bin": records(test, "label"), **batches}
    return Small("cifar10", {"cifar-10-binary.tar.gz": tar(members)}, train, test)


def small_cifar100() -> Small:
    train, test = (images((32, 32, 3), part, coarse_label=20, label=100) for part in ROWS)
    members = {
        f"cifar-100-binary/{part}.bin": records(columns, "coarse_label", "label")
        for part, columns in (("train", train), ("test", test))
    }
    return Small("cifar100", {"cifar-100-binary.tar.gz": tar(members)}, train, test)


def small_imdb() -> Small:
    """Reviews of all lengths up to more than 1,000 words, which pickle appends in parts; the ids are Keras's."""
    import keras

    generator = np.random.default_rng(7)
    arrays: dict[str, Any] = {}
    columns = {}
    for part in ROWS:
        words = [generator.integers(1, 88_584, count).tolist() for count in (1, 2, 199, 200, 201, 1_000, 1_001, 2_494)]
        words = (words * ROWS[part])[:IMDB_ROWS]
        labels = generator.integers(0, 2, IMDB_ROWS)
        arrays[f"x_{part}"], arrays[f"y_{part}"] = lists(words), labels
        ids = [[1, *(word + 3 if word + 3 < 20_000 else 2 for word in review)] for review in words]
        padded = keras.utils.pad_sequences(ids, maxlen=200)
        columns[part] = {"label": labels.astype(np.uint8), "review": padded}
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    return Small("imdb", {"imdb.npz": packed.getvalue()}, columns["train"], columns["test"])


def lists(values: list[Any]) -> np.ndarray:
    """An array of objects, each one of the `values`."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


SMALL = (small_fashion_mnist, small_cifar10, small_cifar100, small_imdb)


def publish(monkeypatch: pytest.MonkeyPatch, small: Small, server: Server) -> None:
    """Let the source take the `small` data set for the published one, from two addresses of the `server`."""

    def published(path: str) -> PublishedFile:
        content = small.files[path]
        urls = tuple(server.base + mirror + path for mirror in ("first/", "second/"))
        return PublishedFile(path, len(content), sha256(content).hexdigest(), urls)

    for module in (cifar, fashion_mnist):
        monkeypatch.setattr(module, "ROWS", ROWS)
    monkeypatch.setattr(cifar, "BATCH_ROWS", 10)
    if small.source == "fashion_mnist":
        files = {key: published(file.path) for key, file in fashion_mnist.FILES.items()}
        monkeypatch.setattr(fashion_mnist, "FILES", files)
    elif small.source == "imdb":
        monkeypatch.setattr(imdb, "ROWS", IMDB_ROWS)
        monkeypatch.setattr(imdb, "FILE", published("imdb.npz"))
    else:
        (path,) = small.files
        monkeypatch.setattr(cifar, small.source.upper(), published(path))


def serve(server: Server, small: Small, *mirrors: str) -> None:
    """Let the `server` have the files at the `mirrors`, `first` or `second`."""
    server.files |= {f"{mirror}/{path}": content for mirror in mirrors for path, content in small.files.items()}

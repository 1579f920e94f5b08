"""The Fashion-MNIST images, from the cache folder, or downloaded into it once."""

from collections.abc import Collection, Mapping

from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, Loaded, Source
from modelc.compiler.library.sources.published_files import PublishedFile, opened, provide
from modelc.compiler.syntax.file_root import Root

CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)


def published(file: str, size: int, digest: str) -> PublishedFile:
    # The files of MNIST have the same names, and so these have a folder of their own, as in Keras.
    return PublishedFile(f"fashion-mnist/{file}", size, digest, tuple(mirror + file for mirror in MIRRORS))


# The digests are those of TensorFlow Datasets (url_checksums/fashion_mnist.txt); Keras has none.
FILES = {
    ("train", "image"): published(
        "train-images-idx3-ubyte.gz", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
    ),
    ("train", "label"): published(
        "train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
    ),
    ("test", "image"): published(
        "t10k-images-idx3-ubyte.gz", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
    ),
    ("test", "label"): published(
        "t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
    ),
}
ROWS = {"train": 60_000, "test": 10_000}


class FashionMnist(Source):
    """70,000 images of clothes, 28x28 pixels (Xiao, Rasul and Vollgraf, 2017): 60,000 for training, 10,000 for testing.

    Columns: `image`, uint8 `[28, 28]` with values from 0 to 255, and `label`, 0 to 9, whose names `category` knows. The
    four files of the folder `fashion-mnist` in the cache folder, named as its authors name them, are used if they are
    there, else they are downloaded once, 31 MB; their checksums are compared whenever they are read. Licence: MIT,
    copyright Zalando SE.
    """

    spellings = ("fashion", "fmnist", "zalando")
    example = "fashion_mnist"

    def columns(self) -> Mapping[str, Column] | None:
        return {
            "image": Column(TensorType((28, 28), "uint8"), rows=ROWS["train"]),
            "label": Column(TensorType((), "uint8"), classes=CLASSES, rows=ROWS["train"]),
        }

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        from modelc.compiler.library.sources.idx import read_idx

        provide(root.cache, [*FILES.values()], "Fashion-MNIST")
        parts: dict[str, dict[str, NumpyArray]] = {"train": {}, "test": {}}
        for (part, column), file in FILES.items():
            with opened(root.cache, file) as content:
                shape = (28, 28) if column == "image" else ()
                parts[part][column] = read_idx(content, (ROWS[part], *shape))
        return Loaded(parts["train"], parts["test"])

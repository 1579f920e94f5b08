"""The CIFAR-10 and CIFAR-100 images, from the cache folder, or downloaded into it once.

Both are read from the archives of plain bytes that their page has beside those of pickled objects that Keras reads.
"""

from collections.abc import Collection, Mapping

from modelc.compiler.library.base.lazy import np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, Loaded, Source
from modelc.compiler.library.sources.published_files import PublishedFile, opened, provide
from modelc.compiler.syntax.file_root import Root

PAGE = "https://www.cs.toronto.edu/~kriz/"
# The digests are those of TensorFlow Datasets (url_checksums/cifar10.txt, cifar100.txt); the page has MD5 sums alone.
CIFAR10 = PublishedFile(
    "cifar-10-binary.tar.gz",
    170_052_171,
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    (f"{PAGE}cifar-10-binary.tar.gz",),
)
CIFAR100 = PublishedFile(
    "cifar-100-binary.tar.gz",
    168_513_733,
    "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    (f"{PAGE}cifar-100-binary.tar.gz",),
)
TRAIN_BATCHES = tuple(f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6))
TEST_BATCH = "cifar-10-batches-bin/test_batch.bin"
BATCH_ROWS = 10_000
ROWS = {"train": 50_000, "test": 10_000}
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
COARSE_CLASSES = (
    "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables", "household_electrical_devices",
    "household_furniture", "insects", "large_carnivores", "large_man-made_outdoor_things",
    "large_natural_outdoor_scenes", "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates",
    "people", "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
)  # fmt: skip
FINE_CLASSES = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy",
    "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock",
    "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest",
    "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard",
    "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine", "possum",
    "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper",
    "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone",
    "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf",
    "woman", "worm",
)  # fmt: skip


class Cifar10(Source):
    """60,000 colour images of 10 classes, 32x32 pixels (Krizhevsky, 2009): 50,000 for training, 10,000 for testing.

    Columns: `image`, uint8 `[32, 32, 3]` with values from 0 to 255, and `label`, 0 to 9, whose names `category` knows.
    The file `cifar-10-binary.tar.gz` in the cache folder is used if it is there, else it is downloaded once from the page
    of its author, 170 MB; its checksum is compared whenever it is read. That page (www.cs.toronto.edu/~kriz/cifar.html)
    states no licence, and asks to cite "Learning Multiple Layers of Features from Tiny Images".
    """

    slow_to_read = True
    spellings = ("cifar",)
    example = "cifar10"

    def columns(self) -> Mapping[str, Column] | None:
        return {
            "image": Column(TensorType((32, 32, 3), "uint8"), rows=ROWS["train"]),
            "label": Column(TensorType((), "uint8"), classes=CLASSES, rows=ROWS["train"]),
        }

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        from modelc.compiler.library.sources.cifar_records import read_records

        provide(root.cache, [CIFAR10], "CIFAR-10")
        labels = {"label": len(CLASSES)}
        with opened(root.cache, CIFAR10) as archive:
            *train, test = read_records(archive, dict.fromkeys((*TRAIN_BATCHES, TEST_BATCH), BATCH_ROWS), labels)
        return Loaded({name: np.concatenate([batch[name] for batch in train]) for name in test}, test)


class Cifar100(Source):
    """60,000 colour images of 100 classes, 32x32 pixels (Krizhevsky, 2009): 50,000 for training, 10,000 for testing.

    Columns: `image`, uint8 `[32, 32, 3]` with values from 0 to 255; `label`, 0 to 99; and `coarse_label`, 0 to 19, of the
    groups that the classes are in; `category` knows the names of both. The file `cifar-100-binary.tar.gz` in the cache
    folder is used if it is there, else it is downloaded once from the page of its author, 169 MB; its checksum is compared
    whenever it is read. That page (www.cs.toronto.edu/~kriz/cifar.html) states no licence, and asks to cite "Learning
    Multiple Layers of Features from Tiny Images".
    """

    slow_to_read = True
    example = "cifar100"

    def columns(self) -> Mapping[str, Column] | None:
        return {
            "image": Column(TensorType((32, 32, 3), "uint8"), rows=ROWS["train"]),
            "label": Column(TensorType((), "uint8"), classes=FINE_CLASSES, rows=ROWS["train"]),
            "coarse_label": Column(TensorType((), "uint8"), classes=COARSE_CLASSES, rows=ROWS["train"]),
        }

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        from modelc.compiler.library.sources.cifar_records import read_records

        provide(root.cache, [CIFAR100], "CIFAR-100")
        members = {f"cifar-100-binary/{part}.bin": rows for part, rows in ROWS.items()}
        labels = {"coarse_label": len(COARSE_CLASSES), "label": len(FINE_CLASSES)}
        with opened(root.cache, CIFAR100) as archive:
            train, test = read_records(archive, members, labels)
        return Loaded(train, test)

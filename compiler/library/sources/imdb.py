"""The reviews of films from IMDB, from the cache folder, or downloaded into it once."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, ClassVar

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, Loaded, Source
from modelc.compiler.library.sources.published_files import PublishedFile, another_file, opened, provide
from modelc.compiler.syntax.file_root import Root

if TYPE_CHECKING:
    from modelc.compiler.library.sources.integer_lists import IntegerLists

# The digest is that of Keras (keras/src/datasets/imdb.py).
FILE = PublishedFile(
    "imdb.npz",
    17_464_789,
    "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    (
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz",
        "https://s3.amazonaws.com/text-datasets/imdb.npz",
    ),
)
ROWS = 25_000
CLASSES = ("negative", "positive")
MEMBER_LIMIT = 64 * 2**20
"""More bytes than the reviews of either part have."""
PADDING, START, UNKNOWN = 0, 1, 2
MAX_RANK = 2**30
FIRST_WORD = 3
"""What is added to the rank of a word, of which the most frequent has 1: Keras's `index_from`."""


class Imdb(Source):
    """50,000 reviews of films as ids of words, good or bad ones (Maas et al., 2011): 25,000 for training, 25,000 for testing.

    Columns: `review`, int32 `[length]`, and `label`, 0 for negative and 1 for positive, whose names `category` knows. The
    ids are those of Keras: 0 is padding, 1 the start of the review, 2 a word that `vocabulary` leaves out, 4 the most frequent
    word, 5 the next. As by Keras's `pad_sequences`, padding stands in front and reviews that are too long lose their
    beginning, so that the last step is always a word: with `mask_zero: true` an `embedding` masks the padding. The rows
    are in the order of the file; Keras shuffles them. `category: review` and `classes(...)` know the size of the
    vocabulary.

    The file `imdb.npz` in the cache folder is used if it is there, else it is downloaded once, 17 MB; its checksum is
    compared whenever it is read, and nothing in it is unpickled. The page of the data set
    (ai.stanford.edu/~amaas/data/sentiment) states no licence, and asks to cite "Learning Word Vectors for Sentiment
    Analysis".
    """

    slow_to_read = True
    spellings = ("imdb_reviews", "imdb_sentiment", "sentiment")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "num_words": "write `vocabulary: {value}`",
        "maxlen": "write `length: {value}`; longer reviews lose their beginning",
        **dict.fromkeys(("start_char", "oov_char", "index_from"), "remove it: the ids are those of Keras's default"),
        "skip_top": "remove it: the most frequent words are kept",
        "seed": "remove it: the rows are in the order of the file, and `data: {seed: 0}` draws their order",
    }
    example = "imdb: {length: 200, vocabulary: 20000}"

    length: Annotated[int, Field(ge=1, le=2_500, description="Ids of a review; the longest has 2,495.")] = 200
    vocabulary: Annotated[
        int, Field(ge=5, le=1_000_000, description="Number of ids, 0 to 3 included; 88,588 leave no word out.")
    ] = 20_000

    def columns(self) -> Mapping[str, Column] | None:
        return {
            "label": Column(TensorType((), "uint8"), classes=CLASSES, rows=ROWS),
            "review": Column(TensorType((self.length,), "int32"), classes=self.vocabulary, rows=ROWS),
        }

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        provide(root.cache, [FILE], "IMDB")
        with opened(root.cache, FILE) as file:
            train, test = (
                {"label": read_labels(file, root.cache, part), "review": self.ids(read_words(file, root.cache, part))}
                for part in ("train", "test")
            )
        return Loaded(train, test)

    def ids(self, reviews: "IntegerLists") -> NumpyArray:
        """The reviews, given as the ranks of their words, as ids `[rows, length]`."""
        words = np.frombuffer(reviews.integers, np.int32) + np.int32(FIRST_WORD)
        words[words >= self.vocabulary] = UNKNOWN
        ids = np.full((len(reviews.ends), self.length), PADDING, np.int32)
        begin = 0
        for row, end in enumerate(reviews.ends):
            count = min(end - begin, self.length)
            ids[row, self.length - count :] = words[end - count : end]
            if count < self.length:
                ids[row, self.length - count - 1] = START
            begin = end
        return ids


def read_labels(file: BinaryIO, cache: Path, part: str) -> NumpyArray:
    """The labels of a part, as uint8. Raises RunError E405."""
    from modelc.compiler.library.sources.archive import read_arrays

    name = f"y_{part}"
    labels = read_arrays(file, FILE.path, [name]).get(name)
    if labels is None or labels.shape != (ROWS,) or labels.dtype.kind not in "iu" or not np.isin(labels, (0, 1)).all():
        raise another_file(cache / FILE.path, f"has no {ROWS:,} labels as `{name}`, 0 or 1")
    return labels.astype(np.uint8)


def read_words(file: BinaryIO, cache: Path, part: str) -> "IntegerLists":
    """The ranks of the words of each review of a part. Raises RunError E405."""
    from modelc.compiler.library.sources.archive import opened as opened_archive
    from modelc.compiler.library.sources.integer_lists import NotIntegers, read_integer_lists
    from modelc.compiler.library.sources.npy_header import Unsupported, read_header

    name = f"x_{part}"
    with opened_archive(file, FILE.path) as (archive, _, refused):
        if name not in refused:
            raise another_file(cache / FILE.path, f"has no lists of integers as `{name}`")
        with archive.open(f"{name}.npy") as packed:
            content = BytesIO(packed.read(MEMBER_LIMIT))
    # The header of an array of objects is refused once it is read: what follows it is the pickle.
    with suppress(Unsupported):
        read_header(content)
    try:
        reviews = read_integer_lists(content.read())
    except NotIntegers:
        raise another_file(cache / FILE.path, f"has something other than lists of integers as `{name}`") from None
    words = reviews.integers
    if len(reviews.ends) != ROWS or not 0 < min(words, default=0) <= max(words) < MAX_RANK:
        raise another_file(cache / FILE.path, f"has no {ROWS:,} reviews as `{name}`")
    return reviews

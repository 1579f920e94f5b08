"""Ids of names by their hash: nothing is learnt, every name has an id, and two names may have the same."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.readers.names import names_in

BETWEEN = "\x1f"
"""What joins the values of several columns to one name: the unit separator of ASCII."""
FOREIGN_TO_HASH: Mapping[str, str] = dict.fromkeys(
    (
        *("num_bins", "hash_bucket_size", "num_hash_buckets", "hash_buckets", "num_buckets", "n_buckets", "buckets"),
        *("hashing_dim", "hash_size", "hashing"),
    ),
    "write `hash: {value}`, how many ids there are",
)
"""What others call the number of ids by hash."""


def hashed(name: str, count: int) -> int:
    """The id of a name, from 0 to `count`, exclusive: its 8 bytes of BLAKE2b as a big-endian integer, modulo `count`."""
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % count


def hashed_ids(columns: Sequence[NumpyArray], missing: str, count: int) -> NumpyArray:
    """The id of the name that the values of each row of `columns` make together, which is the value itself of a single one;
    `missing` is the name of those that are masked.
    """
    names, among = [""], np.zeros(columns[0].shape, np.int64)
    for place, column in enumerate(columns):
        there, found = names_in(np.ma.getdata(column))
        there.append(missing)
        found = np.where(np.ma.getmaskarray(column), len(there) - 1, found)
        # Only the pairs that rows have are made: of all there may be too many.
        pairs, inverse = np.unique(among * len(there) + found, return_inverse=True)
        among = inverse.reshape(among.shape)
        split = [divmod(pair, len(there)) for pair in pairs.tolist()]
        names = [there[own] if place == 0 else names[before] + BETWEEN + there[own] for before, own in split]
    ids = np.array([hashed(name, count) for name in names], np.int32)
    chosen: NumpyArray = ids[among]
    return chosen

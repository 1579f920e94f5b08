"""Random keys as a pure function of names: `derive(root_key(seed), purpose, path, step)`.

Keys are hashed by name, never split by position, so that adding a layer changes no other layer's random numbers.
`lowering.lower` gives each node its key.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from math import prod

from modelc.compiler.library.base.lazy import Array, jax, jnp


def root_key(seed: int) -> Array:
    """The threefry key of a run's seed; any integer is a seed of its own."""
    digest = blake2b(f"modelc/{seed}".encode(), digest_size=8).digest()
    words = [int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")]
    key: Array = jax.random.wrap_key_data(jnp.array(words, dtype=jnp.uint32), impl="threefry2x32")
    return key


def derive(key: Array, *names: str | Array) -> Array:
    """The key of `names` below `key`: a text is folded in by 64 bits of its blake2b digest, a number (a step) as it is."""
    for name in names:
        if isinstance(name, str):
            digest = blake2b(name.encode(), digest_size=8).digest()
            key = jax.random.fold_in(key, int.from_bytes(digest[:4], "little"))
            key = jax.random.fold_in(key, int.from_bytes(digest[4:], "little"))
        else:
            key = jax.random.fold_in(key, name)
    return key


def derive_each(key: Array, names: Sequence[str]) -> Array:
    """The keys of several texts below `key`, `[len(names)]`: each the one that `derive` gives, computed together."""
    digests = [blake2b(name.encode(), digest_size=8).digest() for name in names]
    words = [[int.from_bytes(digest[start : start + 4], "little") for digest in digests] for start in (0, 4)]
    low, high = (jnp.array(numbers, jnp.uint32) for numbers in words)
    keys: Array = jax.vmap(lambda low, high: jax.random.fold_in(jax.random.fold_in(key, low), high))(low, high)
    return keys


def of_rows(key: Array, rows: int) -> Array:
    """A key for each place in the batch."""
    keys: Array = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(rows))
    return keys


def in_a_row(draw: Callable[[tuple[int, ...]], Array], shape: tuple[int, ...]) -> Array:
    """What `draw` gives for `shape`, to the bit: the numbers are drawn in a row and put into shape then.

    XLA takes five times as long to compile threefry over several axes as over one.
    """
    return draw((prod(shape),)).reshape(shape)

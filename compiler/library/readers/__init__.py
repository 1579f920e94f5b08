"""The readers. This registry is the complete list."""

from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.contracts.reader import Reader

READERS: Registry[Reader] = Registry(
    Reader,
    {
        "array": "readers.array:ArrayReader",
        "category": "readers.category:CategoryReader",
        "same_as": "readers.same_as:SameAs",
    },
)

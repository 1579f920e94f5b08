"""The readers. This table is the list: what is not here does not exist."""

from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.contracts.data_source import Reader

READERS: Registry[Reader] = Registry(
    Reader,
    {
        "array": "readers.array:ArrayReader",
        "category": "readers.category:CategoryReader",
        "same_as": "readers.same_as:SameAs",
    },
)

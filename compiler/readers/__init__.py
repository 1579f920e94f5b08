"""The readers. This table is the list: what is not here does not exist."""

from modelc.compiler.named import Table
from modelc.compiler.source import Reader

READERS: Table[Reader] = Table(
    Reader,
    {
        "array": "readers.array:ArrayReader",
        "category": "readers.category:CategoryReader",
        "same_as": "readers.same_as:SameAs",
    },
)

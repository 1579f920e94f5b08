"""The sources. This table is the list: what is not here does not exist."""

from modelc.compiler.named import Table
from modelc.compiler.source import Source

SOURCES: Table[Source] = Table(
    Source,
    {
        "digits": "sources.digits:Digits",
        "mnist": "sources.mnist:Mnist",
        "npz": "sources.npz:Npz",
    },
)

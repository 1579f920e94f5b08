"""The sources. This registry is the complete list."""

from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.contracts.data_source import Source

SOURCES: Registry[Source] = Registry(
    Source,
    {
        "digits": "sources.digits:Digits",
        "mnist": "sources.mnist:Mnist",
        "npz": "sources.npz:Npz",
    },
)

"""The sources. This registry is the complete list."""

from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.contracts.data_source import Source

SOURCES: Registry[Source] = Registry(
    Source,
    {
        "cifar10": "sources.cifar:Cifar10",
        "cifar100": "sources.cifar:Cifar100",
        "csv": "sources.tables.csv:Csv",
        "digits": "sources.digits:Digits",
        "fashion_mnist": "sources.fashion_mnist:FashionMnist",
        "files": "sources.files:Files",
        "imdb": "sources.imdb:Imdb",
        "jsonl": "sources.tables.jsonl:Jsonl",
        "memory": "sources.memory:Memory",
        "mnist": "sources.mnist:Mnist",
        "npy": "sources.npy:Npy",
        "npz": "sources.npz:Npz",
        "parquet": "sources.tables.parquet:Parquet",
        "tokens": "sources.text_tokens:TextTokens",
    },
)

"""Small trainings of nine kinds, by what can be lost where one is stopped: about ten steps each, on made rows."""

from pathlib import Path
from typing import Any

import numpy as np

from modelc.compiler.syntax.file_root import Root
from tests.runtime.small import spec, write_rows

ROWS = 29
IMAGE: list[Any] = [
    {"reshape": [4, 4, 1]},
    {"random_flip": "horizontal"},
    {"conv2d": {"filters": 3, "kernel_size": 3, "padding": "same"}},
    "batch_norm",
    "relu",
    {"dropout": 0.3},
    "flatten",
    {"dense": 3, "name": "y"},
]
SERIES: list[Any] = [{"reshape": [4, 4]}, {"lstm": {"units": 4, "stateful": "run"}}, {"dense": 3, "name": "y"}]
BLOCKS: list[Any] = [
    {"reshape": [4, 4]},
    {"residual": ["layer_norm", {"self_attention": {"num_heads": 2}}, {"dropout": 0.2}], "repeat": 8},
    "flatten",
    {"dense": 3, "name": "y"},
]
MASKED: list[Any] = [
    {"reshape": [16, 1]},
    "relu",
    "masking",
    {"dense": 8},
    "global_avg_pool1d",
    {"dense": 3, "name": "y"},
]
IDS = 12
HIDDEN: list[Any] = [
    {"embedding": {"input_dim": IDS, "output_dim": 4}},
    {"lstm": {"units": 6, "return_sequences": True}},
    {"dense": IDS, "name": "y"},
]
KINDS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "dense": (
        [{"dense": 8}, "relu", {"dense": 3, "name": "y"}],
        {"optimizer": {"adam": 0.01}, "metrics": ["accuracy"]},
    ),
    "image": (
        IMAGE,
        {
            "optimizer": {"adamw": {"learning_rate": 0.01, "weight_decay": 0.1}},
            "clip_gradients": {"norm": 0.1},
            "weight_averaging": {"ema": 0.9},
        },
    ),
    "series": (SERIES, {"shuffle": False, "optimizer": {"rmsprop": 0.01}, "batch_size": 7}),
    "blocks": (
        BLOCKS,
        {
            "optimizer": {"lamb": {"learning_rate": {"linear": {"learning_rate": 0.01, "warmup_steps": 3}}}},
            "gradient_checkpointing": True,
        },
    ),
    "plateau": (
        [{"dense": 8}, "relu", {"dense": 3, "name": "y"}],
        {
            "optimizer": {
                "adam": {
                    "learning_rate": {
                        "reduce_on_plateau": {
                            "learning_rate": 0.3,
                            "factor": 0.5,
                            "patience": 1,
                            "min_delta": 0.3,
                            "cooldown": 1,
                            "warmup_steps": 2,
                        }
                    }
                }
            },
            "batch_size": 16,
            "epochs": 6,
            "validate_every": 2,
        },
    ),
    "rounded": ([{"dense": 8}, "relu", {"dense": 3, "name": "y"}], {"optimizer": {"muon": 0.01}}),
    "weighted": (
        MASKED,
        {
            "optimizer": {"schedule_free": 0.01},
            "loss": None,
            "losses": {"y": {"cross_entropy": None, "mask": "counts"}},
            "metrics": ["accuracy", "auc"],
            "gradient_accumulation": 2,
        },
    ),
    "hidden": (HIDDEN, {"optimizer": {"adam": 0.01}, "metrics": ["accuracy"]}),
    "early": (
        [{"dense": 3, "name": "y"}],
        {"optimizer": {"sgd": 10.0}, "early_stopping": {"patience": 2, "min_delta": 1e-3, "start": 1}, "epochs": 8},
    ),
}
PHASED: tuple[list[Any], dict[str, Any]] = (
    [
        {
            "layers": [{"dense": {"units": 6, "use_bias": False}}, "batch_norm", "relu", {"dropout": 0.2}],
            "name": "body",
        },
        {"dense": {"units": 3, "activation": "softmax"}, "name": "y"},
    ],
    {
        "epochs": None,
        "optimizer": {"adamw": {"learning_rate": {"cosine": 0.05}, "weight_decay": 0.1}},
        "phases": [
            {"name": "head", "epochs": 2, "freeze": ["body"]},
            {
                "name": "all",
                "epochs": 2,
                "from": "best",
                "optimizer": {"adamw": {"learning_rate": {"cosine": 0.01}}},
                "param_groups": [{"paths": ["body"], "learning_rate_factor": 0.1}],
            },
        ],
    },
)
"""Those of a training in two phases, each of which is a loop of its own."""
"""The layers and the keys of `train` of each kind."""


def raw_of(kind: str) -> dict[str, Any]:
    """The spec of a kind, as plain data."""
    layers, train = PHASED if kind == "phased" else KINDS[kind]
    data: dict[str, Any] = {"validation": 0.25}
    if kind == "weighted":
        data["sample_weight"] = {"array": "weight"}
        data["targets"] = {"y": {"category": "y"}, "counts": {"array": "counts"}}
    if kind == "hidden":
        data["inputs"] = {"x": {"category": {"column": "ids", "classes": IDS}}}
        data["targets"] = {"y": {"same_as": "x"}}
        data["augment"] = [{"mask_tokens": {"mask": 1, "rate": 0.4}, "of": ["x", "y"]}]
    raw = spec(layers, data=data, **train)
    raw["model"]["inputs"]["x"] = {"shape": [6], "dtype": "int32"} if kind == "hidden" else {"shape": [16]}
    if kind == "rounded":
        raw["model"]["precision"] = "mixed_float16"
    if kind == "series":
        raw["data"]["validation"] = {"last": 8}
    return raw


def rows_in(folder: Path) -> Root:
    """The folder with the rows that all kinds train on."""
    generator = np.random.default_rng(1)
    x = generator.normal(size=(ROWS, 16)).astype(np.float32)
    weight = generator.uniform(0, 2, ROWS).astype(np.float32)
    counts = generator.uniform(size=ROWS) < 0.8
    ids = generator.integers(0, IDS, (ROWS, 6), dtype=np.int32)
    y = np.argmax(x[:, :3], axis=1).astype(np.int32)
    return write_rows(folder, ROWS, x=x, y=y, weight=weight, counts=counts, ids=ids)

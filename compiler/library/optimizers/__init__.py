"""The optimizers. This registry is the complete list."""

from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.contracts.optimizer import Optimizer

OPTIMIZERS: Registry[Optimizer] = Registry(
    Optimizer,
    {
        "adam": "optimizers.adam:Adam",
        "adamw": "optimizers.adam:AdamW",
        "rmsprop": "optimizers.rmsprop:RMSProp",
        "sgd": "optimizers.sgd:SGD",
    },
)

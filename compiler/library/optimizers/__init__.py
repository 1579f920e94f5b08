"""The optimizers. This registry is the complete list."""

from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.contracts.optimizer import Optimizer

OPTIMIZERS: Registry[Optimizer] = Registry(
    Optimizer,
    {
        "adabelief": "optimizers.adam_variants:AdaBelief",
        "adadelta": "optimizers.adagrad:Adadelta",
        "adafactor": "optimizers.adafactor:Adafactor",
        "adagrad": "optimizers.adagrad:Adagrad",
        "adam": "optimizers.adam:Adam",
        "adamax": "optimizers.adam_variants:Adamax",
        "adamw": "optimizers.adam:AdamW",
        "amsgrad": "optimizers.adam:AMSGrad",
        "ftrl": "optimizers.ftrl:Ftrl",
        "lamb": "optimizers.trust_ratio:Lamb",
        "lars": "optimizers.trust_ratio:Lars",
        "lion": "optimizers.adam_variants:Lion",
        "muon": "optimizers.muon:Muon",
        "nadam": "optimizers.adam_variants:Nadam",
        "novograd": "optimizers.trust_ratio:NovoGrad",
        "radam": "optimizers.adam_variants:RAdam",
        "rmsprop": "optimizers.rmsprop:RMSProp",
        "rprop": "optimizers.rprop:Rprop",
        "schedule_free": "optimizers.schedule_free:ScheduleFree",
        "schedule_free_sgd": "optimizers.schedule_free:ScheduleFreeSGD",
        "sgd": "optimizers.sgd:SGD",
        "sgdw": "optimizers.sgd:SGDW",
        "yogi": "optimizers.adam_variants:Yogi",
    },
)

"""The initializers. This registry is the complete list."""

from typing import Annotated

from modelc.compiler.library.base.registry import FromRegistry, Registry
from modelc.compiler.library.contracts.weight_rules import Initializer

INITIALIZERS: Registry[Initializer] = Registry(
    Initializer,
    {
        "constant": "initializers.constant:Constant",
        "from_file": "initializers.from_file:FromFile",
        "glorot_normal": "initializers.scaled:GlorotNormal",
        "glorot_uniform": "initializers.scaled:GlorotUniform",
        "he_normal": "initializers.scaled:HeNormal",
        "he_uniform": "initializers.scaled:HeUniform",
        "identity": "initializers.matrices:Identity",
        "lecun_normal": "initializers.scaled:LecunNormal",
        "lecun_uniform": "initializers.scaled:LecunUniform",
        "ones": "initializers.constant:Ones",
        "orthogonal": "initializers.matrices:Orthogonal",
        "random_normal": "initializers.random:RandomNormal",
        "random_uniform": "initializers.random:RandomUniform",
        "truncated_normal": "initializers.random:TruncatedNormal",
        "variance_scaling": "initializers.scaled:VarianceScaling",
        "zeros": "initializers.constant:Zeros",
    },
)

InitializerField = Annotated[Initializer, FromRegistry(INITIALIZERS)]
"""The type of a field that holds an initializer."""

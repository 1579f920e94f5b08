"""The probabilities of an output whose loss takes its values for logits, and what orders as these do."""

import jax
import jax.numpy as jnp
from jax import Array

from modelc.compiler.binding.task import Output
from modelc.compiler.library.base import formulas
from modelc.compiler.lowering.lower import Values


def probabilities(output: Output, value: Array) -> Array:
    """The values of an output as probabilities: logits through the link function that their loss implies."""
    if not output.logits:
        return value
    return jax.nn.softmax(value) if output.link == "softmax" else jax.nn.sigmoid(value)


def log_odds(output: Output, values: Values) -> Array:
    """What orders as the probabilities of an output do: their logits where they are known, else they themselves."""
    if output.logits_edge is None:
        return values.edges[output.edge]
    logits = values.edges[output.logits_edge]
    return formulas.log_odds(logits.astype(jnp.float32)) if output.link == "softmax" else logits

"""What an output says: probabilities where its loss takes its values for logits, numbers in the unit of its target; and what
orders as these do.
"""

import jax
import jax.numpy as jnp
from jax import Array

from modelc.compiler.binding.task import Output
from modelc.compiler.library.base import formulas
from modelc.compiler.library.contracts.reader import in_unit
from modelc.compiler.lowering.lower import Values


def meant(output: Output, value: Array, groups: Array | None = None) -> Array:
    """The values of an output as what they mean: logits through the link function that their loss implies, numbers in the unit
    of the columns of its target; `groups` are the numbers of the groups of the rows, where each has its unit.
    """
    if not output.logits:
        found: Array = in_unit(output.unit, value, groups)
        return found
    return jax.nn.softmax(value) if output.link == "softmax" else jax.nn.sigmoid(value)


def log_odds(output: Output, values: Values) -> Array:
    """What orders as the probabilities of an output do: their logits where they are known, else they themselves."""
    if output.logits_edge is None:
        return values.edges[output.edge]
    logits = values.edges[output.logits_edge]
    return formulas.log_odds(logits.astype(jnp.float32)) if output.link == "softmax" else logits

"""The activations without arguments, one row of a table each, with Keras 3's formulas.

A class is made of its row when it is first asked for, as `Relu6` of `relu6`, so that a spec pays only for what it uses.
"""

from collections.abc import Callable
from types import new_class
from typing import NamedTuple, cast

from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.contracts.layer import Activation, Kept


class Row(NamedTuple):
    """An activation of the same name in `keras.activations`. Its formula is the docstring of its class."""

    function: Callable[[Array], Array]
    formula: str
    torch: str = ""
    spellings: tuple[str, ...] = ()
    example: str = ""
    """A use that says more than the name alone."""
    keeps: Kept = None
    moves: bool = False
    """Whether every value of the output is one of the input or a constant."""
    probability: bool = False
    """Whether every value of the output is a probability, or its logarithm."""


ROWS = {
    "linear": Row(
        lambda x: x,
        "The identity, `x`, of any shape: for where an activation is expected and none is wanted.",
        torch="nn.Identity",
        spellings=("none",),
        example="dense: {units: 1, activation: linear}",
        keeps="values",
    ),
    "relu6": Row(
        lambda x: jax.nn.relu6(x), "`min(max(x, 0), 6)`, of any shape. Krizhevsky 2010.", torch="nn.ReLU6", moves=True
    ),
    "selu": Row(
        lambda x: jax.nn.selu(x),
        "`1.0507 * elu(x)` with `alpha` 1.6733, of any shape; keeps mean 0 and variance 1. Klambauer et al. 2017.",
        torch="nn.SELU",
        example="dense: {units: 64, activation: selu, kernel_initializer: lecun_normal}",
    ),
    "silu": Row(
        lambda x: jax.nn.silu(x),
        "`x * sigmoid(x)`, of any shape; also called swish. Elfwing et al. 2017.",
        torch="nn.SiLU",
        spellings=("swish",),
    ),
    "sigmoid": Row(
        lambda x: jax.nn.sigmoid(x),
        "`1 / (1 + exp(-x))`, of any shape: a probability of yes for each value.",
        torch="nn.Sigmoid",
        spellings=("logistic",),
        example="dense: {units: 1, activation: sigmoid}",
        probability=True,
    ),
    "hard_sigmoid": Row(
        lambda x: jax.nn.hard_sigmoid(x),
        "`relu6(x + 3) / 6`, of any shape, as Keras 3 and PyTorch; Keras 2 had another slope.",
        torch="nn.Hardsigmoid",
        probability=True,
    ),
    "tanh": Row(lambda x: jnp.tanh(x), "Hyperbolic tangent, of any shape.", torch="nn.Tanh"),
    "softplus": Row(
        lambda x: jax.nn.softplus(x),
        "`log(1 + exp(x))`, of any shape: a smooth relu, always positive.",
        torch="nn.Softplus",
    ),
    "softsign": Row(lambda x: jax.nn.soft_sign(x), "`x / (1 + |x|)`, of any shape.", torch="nn.Softsign"),
    "exponential": Row(lambda x: jnp.exp(x), "`exp(x)`, of any shape.", spellings=("exp",)),
    "mish": Row(lambda x: jax.nn.mish(x), "`x * tanh(softplus(x))`, of any shape. Misra 2019.", torch="nn.Mish"),
    "log_sigmoid": Row(
        lambda x: jax.nn.log_sigmoid(x),
        "`log(1 / (1 + exp(-x)))`, of any shape: logarithms of sigmoid.",
        torch="nn.LogSigmoid",
        probability=True,
    ),
    "tanh_shrink": Row(lambda x: x - jnp.tanh(x), "`x - tanh(x)`, of any shape.", torch="nn.Tanhshrink"),
    "hard_silu": Row(
        lambda x: jax.nn.hard_silu(x),
        "`x * relu6(x + 3) / 6`, of any shape; also called hard swish. Howard et al. 2019.",
        torch="nn.Hardswish",
    ),
    "hard_tanh": Row(
        lambda x: jax.nn.hard_tanh(x),
        "`x` between -1 and 1, the nearer of them elsewhere, of any shape.",
        torch="nn.Hardtanh",
        moves=True,
    ),
    "sparse_plus": Row(
        lambda x: jax.nn.sparse_plus(x),
        "0 up to -1, `(x + 1)**2 / 4` up to 1, `x` above, of any shape: a softplus that reaches 0.",
    ),
    "sparse_sigmoid": Row(
        lambda x: jax.nn.sparse_sigmoid(x),
        "0 up to -1, `(x + 1) / 2` up to 1, 1 above, of any shape: the slope of `sparse_plus`.",
        probability=True,
    ),
}
NAMES = {name.title().replace("_", ""): name for name in ROWS}


def __getattr__(title: str) -> type[Activation]:
    if title not in NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {title!r}")
    name = NAMES[title]
    row = ROWS[name]
    body: dict[str, object] = {
        "__module__": __name__,
        "__doc__": row.formula,
        "keras": f"activations.{name}",
        "torch": row.torch,
        "spellings": row.spellings,
        "example": row.example or name,
        "keeps": row.keeps,
        "gives_probabilities": row.probability,
        "function": staticmethod(row.function),
    }
    if row.moves:
        body["moves"] = lambda self: True
    made = cast("type[Activation]", new_class(title, (Activation,), exec_body=lambda namespace: namespace.update(body)))
    globals()[title] = made
    return made

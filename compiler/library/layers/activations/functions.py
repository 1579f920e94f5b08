"""The activations without arguments, with Keras 3's formulas: a row each, of name, function, formula and other names."""

from collections.abc import Callable
from types import new_class
from typing import cast

from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.contracts.layer import Activation


def activation(
    name: str,
    function: Callable[[Array], Array],
    formula: str,
    *,
    torch: str = "",
    spellings: tuple[str, ...] = (),
    example: str = "",
) -> type[Activation]:
    """The class of the activation `name` of `keras.activations`, with `formula` for its docstring.

    `example` is a use that says more than the name alone.
    """
    body = {
        "__module__": __name__,
        "__doc__": formula,
        "keras": f"activations.{name}",
        "torch": torch,
        "spellings": spellings,
        "example": example or name,
        "function": staticmethod(function),
    }
    title = name.title().replace("_", "")
    return cast("type[Activation]", new_class(title, (Activation,), exec_body=lambda namespace: namespace.update(body)))


Linear = activation(
    "linear",
    lambda x: x,
    "The identity, `x`, of any shape: for where an activation is expected and none is wanted.",
    torch="nn.Identity",
    spellings=("none",),
    example="dense: {units: 1, activation: linear}",
)
Relu6 = activation(
    "relu6", lambda x: jax.nn.relu6(x), "`min(max(x, 0), 6)`, of any shape. Krizhevsky 2010.", torch="nn.ReLU6"
)
Selu = activation(
    "selu",
    lambda x: jax.nn.selu(x),
    "`1.0507 * elu(x)` with `alpha` 1.6733, of any shape; keeps mean 0 and variance 1. Klambauer et al. 2017.",
    torch="nn.SELU",
    example="dense: {units: 64, activation: selu, kernel_initializer: lecun_normal}",
)
Silu = activation(
    "silu",
    lambda x: jax.nn.silu(x),
    "`x * sigmoid(x)`, of any shape; also called swish. Elfwing et al. 2017.",
    torch="nn.SiLU",
    spellings=("swish",),
)
Sigmoid = activation(
    "sigmoid",
    lambda x: jax.nn.sigmoid(x),
    "`1 / (1 + exp(-x))`, of any shape: a probability of yes for each value.",
    torch="nn.Sigmoid",
    spellings=("logistic",),
    example="dense: {units: 1, activation: sigmoid}",
)
HardSigmoid = activation(
    "hard_sigmoid",
    lambda x: jax.nn.hard_sigmoid(x),
    "`relu6(x + 3) / 6`, of any shape, as Keras 3 and PyTorch; Keras 2 had another slope.",
    torch="nn.Hardsigmoid",
)
Tanh = activation("tanh", lambda x: jnp.tanh(x), "Hyperbolic tangent, of any shape.", torch="nn.Tanh")
Softplus = activation(
    "softplus",
    lambda x: jax.nn.softplus(x),
    "`log(1 + exp(x))`, of any shape: a smooth relu, always positive.",
    torch="nn.Softplus",
)
Softsign = activation("softsign", lambda x: jax.nn.soft_sign(x), "`x / (1 + |x|)`, of any shape.", torch="nn.Softsign")
Exponential = activation("exponential", lambda x: jnp.exp(x), "`exp(x)`, of any shape.", spellings=("exp",))
Mish = activation(
    "mish", lambda x: jax.nn.mish(x), "`x * tanh(softplus(x))`, of any shape. Misra 2019.", torch="nn.Mish"
)
LogSigmoid = activation(
    "log_sigmoid",
    lambda x: jax.nn.log_sigmoid(x),
    "`log(1 / (1 + exp(-x)))`, of any shape: logarithms of sigmoid.",
    torch="nn.LogSigmoid",
)
TanhShrink = activation("tanh_shrink", lambda x: x - jnp.tanh(x), "`x - tanh(x)`, of any shape.", torch="nn.Tanhshrink")
HardSilu = activation(
    "hard_silu",
    lambda x: jax.nn.hard_silu(x),
    "`x * relu6(x + 3) / 6`, of any shape; also called hard swish. Howard et al. 2019.",
    torch="nn.Hardswish",
)
HardTanh = activation(
    "hard_tanh",
    lambda x: jax.nn.hard_tanh(x),
    "`x` between -1 and 1, the nearer of them elsewhere, of any shape.",
    torch="nn.Hardtanh",
)
SparsePlus = activation(
    "sparse_plus",
    lambda x: jax.nn.sparse_plus(x),
    "0 up to -1, `(x + 1)**2 / 4` up to 1, `x` above, of any shape: a softplus that reaches 0.",
)
SparseSigmoid = activation(
    "sparse_sigmoid",
    lambda x: jax.nn.sparse_sigmoid(x),
    "0 up to -1, `(x + 1) / 2` up to 1, 1 above, of any shape: the slope of `sparse_plus`.",
)

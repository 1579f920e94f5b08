"""What one use of a layer computes with and without training, as far as it can be told apart from another."""

from typing import Any

import jax
import numpy as np

from modelc.compiler.library.base.prng import root_key
from tests.compiler.library.layers.drawn import Drawn, parts
from tests.compiler.library.layers.running import QUICK, Running


class Computed:
    """All outputs, masks, new states and penalties of a use on `inputs`: the operations that lead to them, and the numbers."""

    def __init__(self, use: Drawn, inputs: Any, known: dict[str, list[bytes]] | None = None) -> None:
        """`known` has the numbers of what was computed before, by what determines them."""
        running = use.running()
        masks = {slot: mask for slot, mask in use.masks.items() if any(part is not None for part in parts(mask))}

        def run(params: Any, state: Any, inputs: Any) -> Any:
            both = []
            for train in (False, True):
                key = root_key(3) if train else None
                result = Running(running.layer, params, state)(inputs, train=train, masks=masks, key=key)
                both.append((dict(result.outputs), dict(result.state), dict(result.masks), dict(result.penalties)))
            return both

        self.run, self.given = run, (running.params, running.state, inputs)
        traced = jax.make_jaxpr(run)(*self.given)
        self.operations = f"{traced} {[np.asarray(x).tobytes() for x in traced.consts]}"
        self.known = {} if known is None else known

    @property
    def numbers(self) -> list[bytes]:
        """To the bit."""
        key = f"{self.operations} {[np.asarray(x).tobytes() for x in jax.tree.leaves(self.given)]}"
        if key not in self.known:
            found = jax.jit(self.run, compiler_options=QUICK)(*self.given)
            self.known[key] = [np.asarray(x).tobytes() for x in jax.tree.leaves(found)]
        return self.known[key]

    def differs(self, other: "Computed") -> bool:
        """Whether the numbers are others. Of the same operations they are the same, which need not be compiled."""
        return self.operations != other.operations and self.numbers != other.numbers

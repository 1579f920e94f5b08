"""What depth costs before the first step: tracing and compiling `specs/gpt.yaml` with 8 blocks and with 64.

    python benchmarks/compiling.py [--rounds 5] [--blocks 64]

In each round both depths are compiled in turn, from nothing, as `modelc train` holds them: the initial weights, and the
gradients of a loss. Repeats of eight and more blocks are one loop over stacked weights, so the deep model should cost
little more. Promised: at most 1.5 times; ends with exit code 1 otherwise. To take weights apart by name, as the `init` and
`apply` of `modelc.compile` do, costs a slice for each array of each block, and is not part of this.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

import modelc

SPEC = Path(__file__).resolve().parent.parent / "specs" / "gpt.yaml"
MOST_RATIO = 1.5
FEW = 8
SIZES = ("vars.width=32", "vars.heads=2", "vars.length=32")
"""Narrow, since only compiling is measured."""


def seconds(blocks: int) -> dict[str, float]:
    """How long each part takes to trace and compile."""
    from modelc.compiler.api import check_file

    jax.clear_caches()
    task = check_file(SPEC, settings=(f"vars.depth={blocks}", *SIZES)).task
    assert task is not None
    model = modelc.compile(task).model
    key, ids = jax.random.key(0), jnp.zeros((2, 32), "int32")

    def loss(params: Any, state: Any, key: Any) -> Any:
        outputs, _ = model.apply(params, state, {"text": ids}, train=True, key=key)
        return jnp.mean(outputs["next"] ** 2)

    found = {}
    begun = time.perf_counter()
    first = jax.jit(model.init).lower(key).compile()
    found["initial weights"] = time.perf_counter() - begun
    params, state = first(key)
    begun = time.perf_counter()
    jax.jit(jax.grad(loss)).lower(params, state, key).compile()
    found["gradients"] = time.perf_counter() - begun
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--blocks", type=int, default=64)
    options = parser.parse_args()
    rounds = [{blocks: seconds(blocks) for blocks in (FEW, options.blocks)} for _ in range(options.rounds)]
    kept = True
    for part in rounds[0][FEW]:
        few, many = (statistics.median(one[blocks][part] for one in rounds) for blocks in (FEW, options.blocks))
        ratio = statistics.median(one[options.blocks][part] / one[FEW][part] for one in rounds)
        kept = kept and ratio <= MOST_RATIO
        print(f"{part:16}{FEW} blocks {few:6.2f} s  {options.blocks} blocks {many:6.2f} s  ratio {ratio:.2f}")
    print(f"promised: at most {MOST_RATIO}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

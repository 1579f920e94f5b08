"""Every optimizer as the loop uses it: its state goes through a checkpoint, and lies on several devices."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax

from modelc.compiler.library.optimizers import OPTIMIZERS
from modelc.runtime.training.epoch_sums import SEPARATOR
from modelc.runtime.training.loop_state import named, tree_of
from tests.runtime.small import spec, write_rows
from tests.runtime.training.test_devices import printed
from tests.runtime.training.test_resume import Keeper, loop_of
from tests.runtime.watching import Watcher

SHAPES = {"dense": {"kernel": (3, 4), "bias": (4,)}, "body/*/dense": {"kernel": (2, 4, 4), "bias": (2, 4)}}


def test_what_an_optimizer_keeps_goes_through_a_checkpoint_to_the_bit() -> None:
    """In one program for all: from the state as it was written and read it goes on as from the state itself."""
    generator = np.random.default_rng(0)
    transforms = {name: OPTIMIZERS.build({name: 0.01}).transform(8) for name in OPTIMIZERS}

    def drawn() -> Any:
        return {
            path: {name: generator.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
            for path, shapes in SHAPES.items()
        }

    @jax.jit
    def step(all_of: Any, gradients: Any) -> Any:
        found = {}
        for name, transform in transforms.items():
            params, state = all_of[name]
            updates, state = transform.update(gradients, state, params)
            found[name] = optax.apply_updates(params, updates), state
        return found

    first = drawn()
    state: Any = {name: (first, transform.init(first)) for name, transform in transforms.items()}
    for _ in range(3):
        state = step(state, drawn())
    written = {name: (params, named(kept)) for name, (params, kept) in state.items()}
    read = {name: (params, tree_of(name, state[name][1], kept)) for name, (params, kept) in written.items()}
    last = drawn()
    for one, other in zip(*(jax.tree.leaves(step(given, last)) for given in (state, read)), strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


def test_the_averages_of_an_optimizer_are_what_a_model_is_used_with(tmp_path: Path) -> None:
    watcher, keeper = Watcher(), Keeper()
    loop = loop_of(
        spec(optimizer={"schedule_free": {"learning_rate": 0.05, "beta_1": 0.6}}),
        write_rows(tmp_path),
        8,
        watcher,
        keeper,
    )
    loop.run(loop.first())
    arrays = keeper.kept[-1].arrays
    for path, weights in watcher.snapshots[-1].params.items():
        for name, weight in weights.items():
            trained = arrays["params"][f"{path}{SEPARATOR}{name}"]
            (apart,) = (
                kept
                for key, kept in arrays["optimizer"].items()
                if key.endswith(f"z{SEPARATOR}{path}{SEPARATOR}{name}")
            )
            np.testing.assert_allclose(weight, (trained - 0.4 * apart) / 0.6, rtol=1e-5, atol=1e-6)
            assert not np.allclose(weight, trained, atol=1e-4)


def test_every_optimizer_does_on_eight_devices_what_it_does_on_one() -> None:
    found = printed("optimized", "8,1,optimizer")["8,1,optimizer"]
    assert set(found) == set(OPTIMIZERS)
    for name, (apart, divided) in found.items():
        assert apart < 1e-5, (name, apart)
        # The velocity that these lack is all that they would keep.
        assert divided or name in ("sgd", "sgdw"), name

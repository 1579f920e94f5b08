"""How a training is spread over devices: the axes of their mesh, and what is sharded. Knows no jax."""

from dataclasses import dataclass
from typing import Literal, Self, get_args

from modelc.compiler.library.contracts.mesh_axes import MESH_AXES

Shard = Literal["none", "optimizer", "params"]
SHARDS: tuple[Shard, ...] = get_args(Shard)


@dataclass(frozen=True, slots=True)
class Parallelism:
    """A mesh of `data` times `model` devices. What is sharded is also spread along `data`: the state of the `optimizer`, or
    it and the `params`.
    """

    data: int = 1
    model: int = 1
    shard: Shard = "none"

    @property
    def devices(self) -> int:
        return self.data * self.model

    @property
    def sizes(self) -> dict[str, int]:
        """How many devices there are along each axis."""
        return dict(zip(MESH_AXES, (self.data, self.model), strict=True))

    @property
    def mesh(self) -> str:
        """The axes and their sizes, as they are written: `data=4,model=2`."""
        return ",".join(f"{axis}={size}" for axis, size in self.sizes.items())

    @classmethod
    def from_record(cls, mesh: object, shard: object) -> Self:
        """That of which a run has recorded the `mesh` and what is sharded. Raises ValueError for what none has."""
        found = [one for one in SHARDS if one == shard]
        if not isinstance(mesh, str) or not found:
            raise ValueError(mesh)
        sizes = sizes_of(mesh)
        return cls(sizes.get("data", 1), sizes.get("model", 1), found[0])


ONE_DEVICE = Parallelism()


def sizes_of(mesh: str) -> dict[str, int]:
    """The size of each axis that is written in `mesh`: `data=4,model=2`. Raises ValueError, with what is wrong."""
    sizes: dict[str, int] = {}
    for part in mesh.split(","):
        axis, equals, size = (word.strip() for word in part.partition("="))
        if not axis or not equals or not size.isascii() or not size.isdecimal() or not 0 < int(size[:9]) < 10**6:
            raise ValueError(f"`{part.strip()}` is no axis and its size")
        if axis not in MESH_AXES:
            raise ValueError(f"there is no axis `{axis}`")
        if axis in sizes:
            raise ValueError(f"the axis `{axis}` is there twice")
        sizes[axis] = int(size)
    return sizes

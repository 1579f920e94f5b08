"""Which weights have a learning rate or a weight decay of their own, by the groups of `param_groups`."""

from collections.abc import Mapping, Sequence

from modelc.compiler.binding.task import Group
from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.language.settings import GroupSpec
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers import OPTIMIZERS
from modelc.compiler.library.optimizers.weight_decay import can_decay


def bound_groups(
    reporter: Reporter, planned: TypedGraph, optimizer: Optimizer, groups: Sequence[GroupSpec], path: Path
) -> Mapping[tuple[str, str], Group]:
    """How the update of each weight that is in one of the `groups` at `path` differs, by its owner and its name.

    Reports a pattern that stands for no weight, and a decay that the optimizer has not or that decays nothing.
    """
    if not groups:
        return {}
    from modelc.compiler.graph.weight_paths import check_pattern, matches

    shapes = {(owner, name): one.shape for owner, plan in planned.owned() for name, one in plan.params.items()}
    found: dict[tuple[str, str], Group] = {}
    for group in groups:
        at = (*path, group.number)
        right = [
            pattern
            for index, pattern in enumerate(group.paths)
            if pattern and check_pattern(reporter, pattern, (*at, "paths", index), planned)
        ]
        own = [entry for entry in shapes if any(matches(pattern, "/".join(entry)) for pattern in right)]
        decay = group.weight_decay
        can = not own or any(can_decay(name, len(shapes[owner, name])) for owner, name in own)
        if decay is not None and not check_decay(reporter, optimizer, decay, can, at):
            decay = None
        for entry in own:
            before = found.get(entry, Group())
            factor = before.rate_factor if group.learning_rate_factor is None else float(group.learning_rate_factor)
            found[entry] = Group(factor, before.decay if decay is None else float(decay))
    return {entry: group for entry, group in found.items() if group != Group()}


def check_trained(
    reporter: Reporter,
    planned: TypedGraph,
    groups: Sequence[GroupSpec],
    frozen: frozenset[tuple[str, str]],
    path: Path,
) -> None:
    """Warn of the `groups` at `path` whose weights are all frozen, by `trainable: false` or because they are `frozen` wherever the
    groups are used.
    """
    if not groups:
        return
    from modelc.compiler.graph.weight_paths import matches

    trained = {(owner, name): one.trainable for owner, plan in planned.owned() for name, one in plan.params.items()}
    for group in groups:
        own = [entry for entry in trained if any(matches(pattern, "/".join(entry)) for pattern in group.paths)]
        if own and not any(trained[entry] and entry not in frozen for entry in own):
            message = "every weight of this group is frozen, so the group changes nothing"
            help = "remove the group, or let its weights be trained"
            at = (*path, group.number, "paths")
            reporter.add("W912", message, at, key=True, label="stands for frozen weights", help=help)


def excluded_entries(
    reporter: Reporter, planned: TypedGraph, optimizer: Optimizer, path: Path
) -> frozenset[tuple[str, str]]:
    """The weights that the `optimizer` at `path` excludes, by their owner and name. Reports a pattern that stands for none."""
    argument = optimizer.exclusions
    patterns: Sequence[str] = getattr(optimizer, argument) if argument else ()
    if not patterns:
        return frozenset()
    from modelc.compiler.graph.weight_paths import check_pattern, matches

    at = (*path, OPTIMIZERS.name_of(optimizer), argument)
    is_list = isinstance(reporter.document.get(at), list)
    right = [
        pattern
        for index, pattern in enumerate(patterns)
        if check_pattern(reporter, pattern, (*at, index) if is_list else at, planned)
    ]
    entries = [(owner, name) for owner, plan in planned.owned() for name in plan.params]
    return frozenset(one for one in entries if any(matches(pattern, "/".join(one)) for pattern in right))


def check_decay(reporter: Reporter, optimizer: Optimizer, decay: float, can: bool, group: Path) -> bool:
    """Whether the decay of a group, which has weights that `can` decay, does what it says; reports where it does not."""
    at, kind = (*group, "weight_decay"), OPTIMIZERS.name_of(optimizer)
    if "weight_decay" not in type(optimizer).model_fields:
        able = [name for name in OPTIMIZERS.entries if "weight_decay" in OPTIMIZERS.find(name).model_fields]
        message, note = f"`{kind}` decays no weights", f"those that do: {name_list(able)}"
        help = "remove `weight_decay`" if not decay else "use an optimizer that decays weights, such as `adamw`"
        reporter.add("E108", message, at, key=True, label="nothing to replace", help=help, note=note)
        return False
    if decay and not can:
        message = "biases, scales and other weights of one axis decay in no optimizer, and this group has nothing else"
        help = "remove `weight_decay`, or name weights that decay, such as kernels"
        reporter.add("E108", message, at, key=True, label="decays nothing", help=help)
        return False
    return True

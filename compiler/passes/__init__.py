"""Passes over a task: each is one pure function in one file that keeps the meaning and changes the form."""

from modelc.compiler.bind.task import Task
from modelc.compiler.plugged import using


def run(task: Task) -> Task:
    """`task` ready to be lowered: activations stand alone, losses take logits, nothing is computed in vain."""
    from modelc.compiler.passes.drop_unused import drop_unused
    from modelc.compiler.passes.fuse_losses import fuse_losses
    from modelc.compiler.passes.roll_repeats import roll_repeats
    from modelc.compiler.passes.split_activations import split_activations

    with using(task.spec.plugins):
        return roll_repeats(drop_unused(fuse_losses(split_activations(task))))

"""The grammar of `data.augment`: changes of rows in training, and what each changes."""

from modelc.compiler.language.shapes import Either, Items, Thing, text
from modelc.compiler.library.augmentations import AUGMENTATIONS

CHANGED = text("", "the name of an input or a target")
AUGMENT = Items(
    Thing(
        AUGMENTATIONS,
        {
            "of": Either(
                items=Items(CHANGED),
                value=CHANGED,
                description="The inputs and targets that are changed together; by default the only input, or all that are mixed.",
                if_empty=("empty", "name an input or a target"),
            )
        },
    ),
    "How rows are changed in training, one after the other.",
    help="write a list: `augment: [random_flip: horizontal]`",
)

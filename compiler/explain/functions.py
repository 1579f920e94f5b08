"""The functions of expressions, `shape(x)` and `round(x)`, for `modelc explain`."""

from collections.abc import Mapping
from typing import NamedTuple


class FunctionPage(NamedTuple):
    """One function: how it is called, what it gives, and a use of it as a spec has it."""

    call: str
    description: str
    example: str


FUNCTION_PAGES: Mapping[str, FunctionPage] = {
    "abs": FunctionPage("abs(x)", "The number without its sign.", '"${abs(offset)}"'),
    "ceil": FunctionPage("ceil(x)", "The next integer above.", '"${ceil(width / 3)}"'),
    "classes": FunctionPage(
        "classes(name)",
        "How many classes the input or target `name` has, as the section `data` says: by its reader, such as `category`, or "
        "by its source. Of `text` and `category_columns` it is how many ids there are, which `vocabulary(name)` gives too. It may "
        "stand wherever a number may.",
        'dense: "${classes(kind)}"',
    ),
    "floor": FunctionPage("floor(x)", "The next integer below.", '"${floor(width / 3)}"'),
    "int": FunctionPage("int(x)", "The integer without what is behind the point.", '"${int(0.75 * width)}"'),
    "len": FunctionPage("len(list)", "How many entries a list has.", '"${len(widths)}"'),
    "max": FunctionPage("max(x, y)", "The greatest of numbers, or of a list.", '"${max(width, 8)}"'),
    "min": FunctionPage("min(x, y)", "The least of numbers, or of a list.", '"${min(width, 8)}"'),
    "round": FunctionPage(
        "round(x)",
        "The nearest integer, of halves the even one; `round(x, 2)` keeps two digits behind the point.",
        '"${round(0.75 * width)}"',
    ),
    "shape": FunctionPage(
        "shape(x)",
        "The shape of the input, node or `node.port` `x` for one example, a list of integers; `shape(input)` is that of what "
        "comes into this very layer. It may stand in arguments of layers that are sizes or numbers.",
        'dense: "${shape(input)[-1] // 4}"',
    ),
    "sum": FunctionPage("sum(list)", "The sum of a list.", '"${sum(widths)}"'),
    "vocabulary": FunctionPage(
        "vocabulary(name)",
        "How many ids the input or target `name` has, unknown and padding included: the number that `classes(name)` is.",
        'embedding: {input_dim: "${vocabulary(review)}", output_dim: 64}',
    ),
}
"""The pages by name: of what `operations.FUNCTIONS` lists, and of the functions of a name."""

"""The text of a spec for a folder of images or texts for each class."""

from typing import Any

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.drafting.folders import Folder, Pictures, folder_of, pictures_of, words_of
from modelc.runtime.drafting.network import Input, Names, Sizes, node_lines, of_text, sizes_for
from modelc.runtime.drafting.spec_text import comment, list_lines, text
from modelc.runtime.drafting.target import Target

FOLDER = "folder"
"""The column of the source that has the class."""
SMALLEST = 4
"""The side at which layers no longer halve an image."""


def draft_folder(root: Root, path: str, target: str | None) -> tuple[list[str], list[str], list[str], Target, Sizes]:
    """The comment at the head, and the lines of model and data, of a spec that tells the folders below `path` apart; with its
    target, and sizes for its rows.

    Raises RunError E401 to E405.
    """
    if target not in (None, FOLDER):
        message = f"the class of a file is its folder, and not `{target}`"
        raise RunError("E401", message, helps=("leave `--target` out",))
    folder = folder_of(root, path)
    of_target = Target(FOLDER, "the class of a file is the name of its folder", folder.classes)
    sizes = sizes_for(len(folder.files))
    names = Names(("kind",))
    if folder.kind == "image":
        pictures = pictures_of(root, folder)
        inputs, nodes = image_lines(folder, pictures, names.free("image"), sizes)
    else:
        words = of_text(words_of(root, folder), names, "text_file", "text")
        inputs, nodes = words, node_lines([words], of_target, "kind", names, sizes)
    what = "images" if folder.kind == "image" else "texts"
    head = comment(
        f"Tells the folders of {path} apart: {len(folder.files):,} {what}, {len(folder.classes)} classes. What was decided is said "
        "where it stands: change what is meant otherwise."
    )
    model = ["  inputs:", f"    {inputs.name}: {text(inputs.type)}", "  nodes:", *nodes, "  outputs: [kind]"]
    return head, model, data_lines(folder, inputs, of_target), of_target, sizes


def image_lines(folder: Folder, pictures: Pictures, name: str, sizes: Sizes) -> tuple[Input, list[str]]:
    """The input of images, and the nodes of a convolutional network that halves them until they are small."""
    height, width, channels = pictures.shape
    type_: dict[str, Any] = {"shape": list(pictures.shape), "dtype": "uint8"}
    reader = {"image": {"column": "file", "size": [height, width], "channels": channels}}
    said = (
        f"{pictures.reason}. Images of another size are brought to that of the input: `resize: crop` keeps their form."
    )
    found = Input(name, type_, [*comment(said, "    "), f"    {name}: {text(reader)}"], [], name)
    lines = ["    kind:", f"      from: {name}", "      layers:", "        - rescaling: 1/255"]
    lines += comment(
        "For photos, a layer `random_flip: horizontal` here gives training more of them; letters and digits are others in a mirror.",
        "        ",
    )
    filters, side = 32, min(height, width)
    while side >= SMALLEST * 2 or filters == 32:
        lines.append(f"        - conv2d: {{filters: {filters}, kernel_size: 3, padding: same, activation: relu}}")
        lines.append("        - batch_norm")
        lines.append("        - max_pool2d: 2")
        filters, side = min(2 * filters, 128), side // 2
    lines.append("        - flatten" if max(height, width) <= 32 else "        - global_avg_pool2d")
    lines.append("        - dropout: 0.3")
    lines.append(f"        - dense: {{units: {len(folder.classes)}, activation: softmax}}")
    return found, lines


def data_lines(folder: Folder, inputs: Input, target: Target) -> list[str]:
    lines = ["  source:"]
    if folder.others:
        lines += comment(f"Other files are left out: {', '.join(folder.others)}.", "    ")
    lines += [f"    files: {text(folder.pattern)}", "  inputs:", *inputs.reader, "  targets:"]
    lines += comment(f"{target.reason[0].upper()}{target.reason[1:]}.", "    ")
    return [
        *lines,
        "    kind:",
        "      category:",
        f"        column: {FOLDER}",
        *list_lines("classes", folder.classes, "        "),
    ]

"""The reader of image files whose pixels are labels, for segmentation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.fields import Field, Sizes2, read_tuple
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import LEFT_OUT, Arrays, Learnt
from modelc.compiler.library.readers.class_arguments import read_classes
from modelc.compiler.library.readers.image import ENDINGS, SIZES
from modelc.compiler.library.readers.opened_files import FileReader, file_faults, paths_of, read_each

if TYPE_CHECKING:
    from PIL.Image import Image

VALUE = Annotated[int, Field(ge=0, lt=2**31)]
"""The value of a pixel in the file."""
STRANGE = 20
"""As many values that are no class are kept for a message."""


class LabelImageReader(FileReader):
    """A column of paths of image files whose pixels are labels, as int32 `[height, width]`: the target of a segmentation.

    The value of a pixel is its class, counted from 0: grey values, or the numbers of the colours of a palette, never the colours
    themselves. Other values stand in `values`, one for each class: `values: [0, 255]`. Elements with the value `ignore` are in no
    loss and no metric. `size` and `resize` are those of the reader `image`, and so is how EXIF data turns the image: with the
    same of both, a photo and its labels stay one on the other. Each label is that of the nearest pixel, never a mixture; with
    `resize: pad`, what is around the image is left out as `ignore` is. JPEG is refused, since it changes values.
    """

    primary = "column"
    endings = ENDINGS
    spellings = ("mask_image", "segmentation_mask", "segmentation", "label_map", "mask_file", "masks")
    example = "label_image: {column: mask, size: [128, 128], classes: [ground, road, car], ignore: 255}"
    gives_labels = True
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **SIZES,
        **dict.fromkeys(("ignore_index", "ignore_label", "ignore_class", "void"), "write `ignore: {value}`"),
        **dict.fromkeys(("num_classes", "n_classes", "num_labels"), "write `classes: {value}`"),
        **dict.fromkeys(("class_names", "labels", "names", "categories"), "write `classes: [ground, road, car]`"),
        **dict.fromkeys(("interpolation", "resample"), "remove it: labels are those of the nearest pixels"),
        **dict.fromkeys(("channels", "color_mode"), "remove it: a pixel has one label"),
        **dict.fromkeys(("scale", "rescale"), "write the value of each class: `values: [0, 255]`"),
        **dict.fromkeys(
            ("colors", "colours", "palette", "class_colors"),
            "remove it: colours are no labels; save an image of class numbers, or with a palette",
        ),
    }

    size: Annotated[Sizes2, Field(description="Height and width.")]
    classes: Annotated[
        int | tuple[str, ...] | dict[Literal["file"], str],
        BeforeValidator(read_classes),
        Field(description="Number of classes, or their names in order: a list, or a text file with one on each line."),
    ]
    values: Annotated[
        tuple[VALUE, ...] | None,
        BeforeValidator(read_tuple),
        Field(description="The value of the pixels of each class, in their order; by default 0, 1, 2, ..."),
    ] = None
    ignore: Annotated[VALUE | None, Field(description="The value of pixels that count in no loss and no metric.")] = (
        None
    )
    resize: Annotated[
        Literal["stretch", "crop", "pad"], Field(description="What becomes of an image of another form.")
    ] = "stretch"

    @property
    def count(self) -> int:
        """How many classes there are."""
        return self.classes if isinstance(self.classes, int) else len(self.classes)

    @property
    def by_class(self) -> tuple[int, ...]:
        """The value of the pixels of each class."""
        return tuple(range(self.count)) if self.values is None else self.values

    @property
    def may_leave_out(self) -> bool:
        return self.ignore is not None

    @property
    def row_shape(self) -> tuple[int, ...]:
        return self.size

    def way_to(self, shape: tuple[int, ...]) -> str:
        return f"the reader to `size: [{shape[0]}, {shape[1]}]`" if len(shape) == 2 else ""

    def class_names(self, columns: Mapping[str, Column] | None) -> tuple[str, ...] | int | None:
        return None if isinstance(self.classes, dict) else self.classes

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        self.need_paths(columns)
        message = f"`label_image` returns integer labels, but the input takes {wanted and wanted.dtype}"
        help = "give the input `dtype: int32`, or read the file with `image`"
        need(wanted is None or wanted.is_integer, message, help=help, code="E402")
        message, help = "`ignore` leaves elements out of losses and metrics, and this is an input", "remove it"
        need(wanted is None or self.ignore is None, message, help=help, argument="ignore", code="E403")
        values = self.values or ()
        message = f"`values` has {counted(len(values), 'value')}, and there are {self.count} classes"
        help = "write the value of the pixels of each class, in the order of `classes`"
        need(self.values is None or len(values) == self.count, message, help=help, argument="values", code="E403")
        twice = next((value for value in values if values.count(value) > 1), None)
        message, help = f"`values` has {twice} for several classes", "write a value of its own for each class"
        need(twice is None, message, help=help, argument="values", code="E403")
        message = f"`ignore` is {self.ignore}, and so is the value of one of the {self.count} classes"
        help = "write the value of pixels without a class, or remove `ignore`"
        need(self.ignore not in self.by_class, message, help=help, argument="ignore", code="E403")
        message = "with `resize: pad` there are elements around the image, and no class is theirs"
        help = "leave them out: `ignore: 255`, or use `resize: stretch` or `crop`"
        need(self.resize != "pad" or self.ignore is not None, message, help=help, argument="resize", code="E403")
        return TensorType(self.size, "int32" if wanted is None else wanted.dtype)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        from modelc.compiler.library.readers.image_files import opened, strict_decoding

        paths = paths_of(columns[self.column])
        labels = np.empty((len(paths), *self.size), "int32" if wanted is None else wanted.dtype)
        strange: dict[int, list[int]] = {}

        def read_one(row: int, path: str) -> None:
            with opened(self.root, path) as image:
                values = self.values_in(image)
            found, known = self.labels_of(values)
            if not known.all():
                strange[row] = np.unique(values[~known])[:STRANGE].tolist()
            labels[row] = found

        with strict_decoding():
            read_each(self.column, paths, read_one)
        if strange:
            raise self.unknown_values(strange, paths)
        return labels

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        from modelc.compiler.library.readers.image_files import opened, strict_decoding

        def look_at(row: int, path: str) -> None:
            with opened(self.root, path) as image:
                values = self.values_in(image)
            known = self.labels_of(values)[1]
            if not known.all():
                value = int(values[~known].min())
                raise RunError("E403", f"{path!r} has the value {value}, which is none of the {self.count} classes")

        with strict_decoding():
            return file_faults(self.column, paths_of(columns[self.column]), look_at)

    def values_in(self, image: "Image") -> NumpyArray:
        """The value of each pixel in the size, and `LEFT_OUT` around an image that is padded. Raises UnfitImage."""
        from PIL import Image

        from modelc.compiler.library.readers.image_files import fitted, label_values, resampling, turned

        values = Image.fromarray(label_values(turned(image), image.format or ""))
        return np.asarray(fitted(values, self.size, self.resize, resampling("nearest"), LEFT_OUT))

    def labels_of(self, values: NumpyArray) -> tuple[NumpyArray, NumpyArray]:
        """The labels of values of pixels, and for each whether it has one or is to be left out."""
        by_class = np.asarray(self.by_class)
        order = by_class.argsort()
        places = np.searchsorted(by_class, values, sorter=order).clip(max=len(order) - 1)
        labels = order[places]
        outside = (values == LEFT_OUT) | (values == (LEFT_OUT if self.ignore is None else self.ignore))
        known: NumpyArray = outside | (by_class[labels] == values)
        return np.where(outside, LEFT_OUT, labels), known

    def unknown_values(self, strange: Mapping[int, list[int]], paths: Sequence[str]) -> RunError:
        """The error E403 for values of no class, by the row of their file."""
        row = min(strange)
        values = sorted({value for found in strange.values() for value in found})
        shown = ", ".join(map(str, values[:5])) + (", ..." if len(values) > 5 else "")
        message = (
            f"{counted(len(strange), 'label image')} of `{self.column}` {'has' if len(strange) == 1 else 'have'} values of none of "
            f"the {self.count} classes: {shown}, the first is {paths[row]!r} in row {row}"
        )
        helps = [f"leave these elements out: `ignore: {values[0]}`"] if len(values) == 1 and self.ignore is None else []
        helps += ["write the value of the pixels of each class: `values: [0, 255]`"] if self.values is None else []
        return RunError(
            "E403", message, helps=(*helps, "or correct `classes`: it says how many values there are"), row=row
        )

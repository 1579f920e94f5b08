"""The readers. This registry is the complete list."""

from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.contracts.reader import Reader

READERS: Registry[Reader] = Registry(
    Reader,
    {
        "array": "readers.array:ArrayReader",
        "number": "readers.number:NumberReader",
        "numbers": "readers.numbers:NumbersReader",
        "category": "readers.category:CategoryReader",
        "category_columns": "readers.category_columns:CategoryColumnsReader",
        "one_hot": "readers.one_hot:OneHotReader",
        "date": "readers.date:DateReader",
        "image": "readers.image:ImageReader",
        "label_image": "readers.label_image:LabelImageReader",
        "audio": "readers.audio:AudioReader",
        "multi_label": "readers.multi_label:MultiLabelReader",
        "same_as": "readers.same_as:SameAs",
        "text": "readers.text:TextReader",
        "text_file": "readers.text_file:TextFileReader",
    },
)

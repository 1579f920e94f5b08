"""The fields of all that a spec can name."""

from pydantic import ValidationError

from modelc.compiler.library.registries import TABLES


def test_null_may_stand_where_an_argument_is_none_by_default() -> None:
    """A bound of a field must not be one of null: pydantic then ends in a TypeError."""
    refused = []
    for table in TABLES:
        for name in table:
            for field, info in table.find(name).model_fields.items():
                if info.default is not None or info.is_required():
                    continue
                try:
                    table.find(name).model_validate({field: None})
                except ValidationError as error:
                    refused += [f"{name}.{field}" for fault in error.errors() if fault["loc"] == (field,)]
    assert not refused

"""A spec that a program gives as a mapping, as the text of a file."""

import json
from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.exceptions import SpecError
from modelc.compiler.syntax.document import file_problem

NAME = "spec.json"
"""What messages call it."""


def text_of_mapping(spec: Mapping[str, Any]) -> str:
    """`spec` as JSON. Raises SpecError for a value that no spec can have."""
    try:
        return json.dumps(spec, indent=2)
    except (TypeError, ValueError) as error:
        advice = "use dict, list, str, int, float, bool and None"
        message = f"the mapping contains a value that a spec cannot contain: {error}"
        raise SpecError([file_problem("E008", message, NAME, advice)], {}) from None

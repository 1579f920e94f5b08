"""`modelc schema`: prints the JSON Schema of specs, for editors."""

from pathlib import Path
from typing import Annotated

import typer

from modelc.cli.console import say_document
from modelc.cli.plugins import PluginNames, enable


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to FILE instead of standard output.")
    ] = None,
    plugins: PluginNames = None,
) -> None:
    """Print the JSON Schema of the language, for editors.

    With the YAML plug-in of VS Code and others, begin a spec with the line
    `# yaml-language-server: $schema=modelc.schema.json`.
    """
    enable(plugins)
    if output is None:
        say_document(schema_text())
        return
    from modelc.runtime.runs.files import replacing
    from modelc.runtime.runs.output_file import need_output

    need_output(output)
    with replacing(output) as file:
        file.write(schema_text().encode())


def schema_text() -> str:
    """The JSON Schema of the language, including the enabled plug-ins."""
    from modelc.compiler.diagnostics.render.json_text import json_text
    from modelc.compiler.language.json_schema.builder import json_schema

    return json_text(json_schema()) + "\n"

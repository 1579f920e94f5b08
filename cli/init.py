"""`modelc init`: writes a first spec, and the JSON Schema for editors beside it. Never overwrites a file."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from modelc.cli.console import refuse, say

TEMPLATES = Path(__file__).parent / "templates"
SCHEMA = "modelc.schema.json"
"""What the first line of each template names: a file, so that an editor needs no network."""


def init(
    template: Annotated[
        str | None, typer.Argument(metavar="[TEMPLATE]", help="Which spec to write; without a name, all are listed.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DATA",
            help="Write a spec for this table (.csv, .parquet, .jsonl), or this folder of a folder for each class.",
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="COLUMN", help="The column of the table that is to be predicted.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to FILE instead of TEMPLATE.yaml.")
    ] = None,
) -> None:
    """Write a commented spec as a starting point: a template, or one for data that you have.

    `--from houses.csv --target price` looks at all rows, and writes a reader for each column, and a network that trains as it is.
    Also writes modelc.schema.json, if it does not exist: editors use it to complete and explain specs.
    """
    from modelc.compiler.diagnostics.command_line import path_word, shell_word

    if data is not None:
        if template is not None:
            refuse(
                f"both the template `{template}` and `--from {path_word(data)}` say what to write",
                helps=("use only one of them",),
            )
        from modelc.cli.drafting import drafted

        keep(*drafted(data, target, output))
        return
    if target is not None:
        refuse("`--target` needs the table whose column it is", helps=(f"`--from FILE --target {shell_word(target)}`",))
    found = templates()
    if template is None:
        if output is not None:
            refuse("`--output` needs a template", helps=(f"templates: {', '.join(found)}",))
        width = max(map(len, found))
        say(*(f"{name:<{width}}  {about}" for name, about in found.items()))
        return
    if template not in found:
        from modelc.compiler.diagnostics.likeness import most_alike

        close = most_alike(template, found)
        advice = f"did you mean `{close}`?" if close else f"templates: {', '.join(found)}"
        refuse(f"there is no template `{template}`", helps=(advice,))
    spec = output or Path(f"{template}.yaml")
    text = (TEMPLATES / f"{template}.yaml").read_text(encoding="utf-8")
    keep(spec, text)


def keep(spec: Path, text: str) -> None:
    """Write the `text` of a spec, and the schema beside it, and say what is next."""
    if spec.suffix.lower() == ".json":
        refuse(
            f"`{spec}` cannot be written",
            helps=("it would contain comments, which JSON does not allow: use a name that ends in `.yaml`",),
        )
    create(spec, text)
    written = [str(spec)]
    schema = spec.parent / SCHEMA
    if not os.path.exists(schema):
        from modelc.cli.schema import schema_text

        create(schema, schema_text())
        written.append(str(schema))
    from modelc.compiler.diagnostics.command_line import command

    data = re.search(r"\{npz: ([\w.-]+)\}", text)
    first = [f"  write {data[1]}, as the comment at the top of {spec} says"] if data is not None else []
    say(*(f"wrote {name}" for name in written), "", "next:", *first, f"  {command('train', spec)}")


def templates() -> Mapping[str, str]:
    """The description of each template, by name: the second line of its file."""
    files = sorted(TEMPLATES.glob("*.yaml"))
    return {file.stem: file.read_text(encoding="utf-8").split("\n")[1].removeprefix("# ") for file in files}


def create(path: Path, text: str) -> None:
    """Write a new file; one that cannot be written whole is removed. Raises RunError E604."""
    from modelc.runtime.runs.files import cannot_write

    try:
        file = path.open("x", encoding="utf-8")
    except FileExistsError:
        refuse(f"`{path}` already exists", helps=("choose another name with `--output FILE`",))
    except OSError as error:
        raise cannot_write(path, error) from None
    try:
        with file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise cannot_write(path, error) from None

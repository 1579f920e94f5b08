"""What `modelc validate` is measured against: the least that a command with YAML, pydantic and typer can cost.

It parses one YAML file with PyYAML, validates one pydantic model and is a typer app of two commands. It finds no shape,
no place and no suggestion. Run by `benchmarks/startup.py`: `python benchmarks/validate_reference.py validate FILE`.
"""

from pathlib import Path
from typing import Any

import typer
import yaml
from pydantic import BaseModel, ConfigDict

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


class Spec(BaseModel):
    """The top level of a spec, and no more."""

    model_config = ConfigDict(extra="forbid")

    modelc: int
    name: str = ""
    description: str = ""
    model: dict[str, Any]
    data: dict[str, Any] = {}
    train: dict[str, Any] = {}


@app.command()
def validate(path: Path) -> None:
    """Read one file and hold it against `Spec`."""
    spec = Spec.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    typer.echo(f"{path}: {spec.name} is valid")


@app.command()
def show(path: Path) -> None:
    """Print one file as it is."""
    typer.echo(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    app()

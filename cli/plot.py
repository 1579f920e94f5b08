"""`modelc plot`: writes the model as a graph in DOT or Mermaid, or draws it as SVG or PNG with Graphviz."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from modelc.cli.checking import RootFolder, Settings, checked_spec
from modelc.cli.console import refuse, say, say_document
from modelc.cli.plugins import PluginNames, enable

TEXTS = {".dot": "dot", ".gv": "dot", ".mmd": "mermaid"}
DRAWN = {".svg": "svg", ".png": "png"}
PROGRAMS = ("graphviz-pure", "dot")
"""What draws DOT: that of the extra `plot`, and that of a Graphviz installed otherwise."""


def plot(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="The spec: a YAML or JSON file.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Output file: .svg, .png, .dot or .mmd; default: text on standard output.",
        ),
    ] = None,
    output_format: Annotated[
        Literal["dot", "mermaid"] | None,
        typer.Option("--format", help="Format of the text if no file is given; default: dot."),
    ] = None,
    direction: Annotated[
        Literal["TB", "LR"], typer.Option("--direction", help="Direction: top to bottom, or left to right.")
    ] = "TB",
    root: RootFolder = None,
    settings: Settings = None,
    plugins: PluginNames = None,
) -> None:
    """Draw a spec's model: layers with shapes and parameters, blocks as boxes around them."""
    if output is not None and output_format is not None:
        refuse(
            f"both `{output}` and `--format {output_format}` choose the output format", helps=("use only one of them",)
        )
    kind = output_format or "dot" if output is None else TEXTS.get(output.suffix.lower())
    if output is not None and kind is None and output.suffix.lower() not in DRAWN:
        endings = ", ".join([*DRAWN, *TEXTS])
        refuse(f"`{output}` has no known image format", helps=(f"use a file name that ends in one of {endings}",))
    enable(plugins)

    task, checked = checked_spec(spec, settings or (), root)
    if output is not None:
        from modelc.compiler.syntax.file_root import spec_root
        from modelc.runtime.runs.output_file import data_files, need_output

        need_output(output, [spec, *checked.sources, *data_files(task, spec_root(spec, root))])

    from modelc.compiler.explain.diagram import dot, mermaid
    from modelc.compiler.explain.summary import summarize

    summary = summarize(task)
    text = mermaid(summary, direction) if kind == "mermaid" else dot(summary, direction)
    if output is None:
        say_document(text)
        return
    data = text.encode() if kind else render(text, DRAWN[output.suffix.lower()])

    from modelc.runtime.runs.files import replacing

    with replacing(output) as file:
        file.write(data)
    say(f"{len(summary.rows)} inputs and layers in {output}")


def render(text: str, form: str) -> bytes:
    """The image that a program draws from DOT. Ends the command if there is no program, or if it fails."""
    import subprocess

    program = drawer()
    if program is None:
        refuse(
            "no program to draw images is installed",
            helps=("`pip install 'modelc[plot]'`, or write a .dot or .mmd file and draw it elsewhere",),
        )
    ended = subprocess.run([program, f"-T{form}"], input=text.encode(), capture_output=True, check=False)
    if ended.returncode or not ended.stdout:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        refuse(
            f"`{Path(program).name}` cannot draw the model as {form}" + (f": {said[0]}" if said else ""),
            helps=("write a .dot file and draw it elsewhere",),
        )
    return ended.stdout


def drawer() -> str | None:
    """The program that draws: beside the running Python, as in a virtual environment that is not active, or on the
    path.
    """
    import shutil

    beside = str(Path(sys.executable).parent)
    for program in PROGRAMS:
        found = shutil.which(program, path=beside) or shutil.which(program)
        if found is not None:
            return found
    return None

"""`modelc init --from FILE --target COLUMN`: a first spec for a table, or a folder of files, that the user has."""

import os
from pathlib import Path

from modelc.cli.console import refuse
from modelc.compiler.diagnostics.command_line import path_word

ELSEWHERE = "paths in a spec begin at its folder, and stay below it"


def drafted(file: Path, target: str | None, output: Path | None) -> tuple[Path, str]:
    """Where the spec for the table or folder `file` goes, and its text. Ends the command for what cannot be meant.

    Raises RunError E401 to E405 for data that no spec can be made of, and a target that cannot be one.
    """
    from modelc.compiler.diagnostics.exceptions import RunError
    from modelc.compiler.syntax.file_root import spec_root
    from modelc.runtime.drafting.draft import draft

    if not os.path.exists(file):
        raise RunError("E405", f"there is no file `{file}`")
    spec = output or default_spec(file)
    if os.path.exists(spec):
        refuse(f"`{spec}` already exists", helps=("choose another name with `--output FILE`",))
    path = path_from(spec, file)
    if target is None and not os.path.isdir(file):
        refuse("`--from` needs to know what to predict", helps=(f"name a column of {file}: `--target COLUMN`",))
    return spec, draft(spec_root(spec, None), path, target)


def default_spec(file: Path) -> Path:
    """Where a spec goes that the user gives no name: into this folder, or beside `file` where that is not below it."""
    name = f"{file.stem or 'table'}.yaml"
    return Path(name) if below(Path(), file) is not None else file.parent / name


def path_from(spec: Path, file: Path) -> str:
    """The path of `file` as the spec has it."""
    found = below(spec.parent, file)
    if found is None:
        helps = (
            f"write the spec there: `--output {path_word(file.parent / spec.name)}`",
            "or copy the file below the folder of the spec",
        )
        refuse(f"`{file}` is not below the folder of `{spec}`: {ELSEWHERE}", helps=helps)
    return found


def below(folder: Path, file: Path) -> str | None:
    """The path of `file` from `folder`; None where it is not below it."""
    found = Path(os.path.relpath(os.path.abspath(file), os.path.abspath(folder)))
    return None if found.parts[:1] == ("..",) or found.is_absolute() else found.as_posix()

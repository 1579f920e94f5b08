"""What may import what, what is never called, how large files and functions may grow: the rules between packages."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("modelc", "compiler", "runtime", "cli")
LINKS = tuple(ROOT / "modelc" / name for name in FOLDERS[1:])
FILES = {
    str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8"))
    for folder in FOLDERS
    for file in sorted((ROOT / folder).rglob("*.py"))
    if not any(file.is_relative_to(link) for link in LINKS)
}
HEAVY = {"jax", "jaxlib", "numpy", "optax", "scipy", "sklearn", "keras", "rich", "safetensors", "duckdb"}
LISTED_AT_EXIT = """
import atexit, json, sys
atexit.register(lambda: print("MODULES", json.dumps(sorted(sys.modules))))
"""


def modules_after(statements: str, *arguments: str) -> tuple[int, set[str]]:
    """The exit code of `statements` in a process of its own, and the modules that it imported."""
    script = f"{LISTED_AT_EXIT}sys.argv = {['modelc', *arguments]}\n{statements}"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", check=False, cwd=ROOT
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, set(json.loads(done.stdout.rpartition("MODULES ")[2]))


def packages_after(statements: str, *arguments: str) -> tuple[int, set[str]]:
    """The exit code of `statements` in a process of its own, and the packages that it imported."""
    code, modules = modules_after(statements, *arguments)
    return code, {name.partition(".")[0] for name in modules}


MAIN = "from modelc.cli.main import main; main()"


def packages_of_command(*arguments: str) -> tuple[int, set[str]]:
    return packages_after(MAIN, *arguments)


def test_a_valid_spec_imports_only_the_layers_that_it_names() -> None:
    code, modules = modules_after(MAIN, "validate", str(ROOT / "specs" / "digits.yaml"))
    below = "modelc.compiler.library.layers."
    layers = {name.removeprefix(below) for name in modules if name.startswith(below)}
    assert code == 0
    assert layers == {
        "activations",
        "activations.functions",
        "activations.parametric",
        "core",
        "core.dense",
        "reshaping",
        "reshaping.reshape",
    }


def test_validate_imports_no_array_library() -> None:
    specs = [str(file) for file in sorted((ROOT / "specs").glob("*.yaml"))]
    code, packages = packages_of_command("validate", *specs)
    assert code == 0
    assert "pydantic" in packages
    assert packages.isdisjoint(HEAVY)


def test_a_validate_that_finds_mistakes_imports_no_array_library(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((ROOT / "specs" / "digits.yaml").read_text(encoding="utf-8").replace("units: 10", "unit: 10"))
    code, packages = packages_of_command("validate", str(wrong))
    assert code == 1
    assert packages.isdisjoint(HEAVY)


def test_a_validate_that_looks_at_data_files_imports_no_array_library(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    np.savez(tmp_path / "rows.npz", x=np.zeros((9, 3)), y=np.zeros(9))
    spec.write_text(
        "modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, layers: [{dense: 1, name: y}]}\ndata: {source: {npz: rows.npz}}\n"
        "train: {loss: mean_squared_error, optimizer: adam, epochs: 1}\n"
    )
    code, modules = modules_after(MAIN, "validate", str(spec))
    assert code == 1 and "modelc.compiler.library.sources.archive" in modules
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in modules)


@pytest.mark.parametrize("command", ["--help", "train --help", "explain E301", "explain dense", "schema"])
def test_commands_that_compute_nothing_import_no_array_library(command: str) -> None:
    code, packages = packages_of_command(*command.split())
    assert code == 0
    assert packages.isdisjoint(HEAVY)


def test_importing_modelc_imports_nothing_else() -> None:
    _, packages = packages_after("import modelc")
    assert "modelc" in packages
    assert packages.isdisjoint({*HEAVY, "pydantic", "yaml", "typer"})


def test_importing_what_plugins_are_written_with_imports_no_array_library() -> None:
    _, packages = packages_after("import modelc.plugin")
    assert "pydantic" in packages
    assert packages.isdisjoint(HEAVY)


def test_loading_a_spec_imports_no_array_library() -> None:
    _, packages = packages_after("import modelc; modelc.load('specs/digits.yaml')")
    assert "pydantic" in packages
    assert packages.isdisjoint(HEAVY)


def test_the_contracts_of_imports_are_kept() -> None:
    """The contracts are in pyproject.toml."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_only_the_runtime_needs_array_libraries_to_be_imported() -> None:
    needed = {
        (path, name)
        for path, tree in FILES.items()
        if not path.startswith("runtime/")
        for name in imported_with(tree.body)
        if name.partition(".")[0] in HEAVY
    }
    assert not needed


def imported_with(body: list[ast.stmt]) -> Iterator[str]:
    """What is imported when a module of this body is: nothing inside functions or for type checkers only."""
    for statement in body:
        yield from names_of(statement)
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            yield from imported_with(statement.orelse)
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "orelse", "finalbody"):
                yield from imported_with(getattr(statement, field, []))
            for handler in getattr(statement, "handlers", []):
                yield from imported_with(handler.body)


def names_of(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


LAZY = "compiler/library/base/lazy.py"
"""The one module that names array libraries, for all others of `compiler` and `cli`."""


def test_importing_all_of_compiler_and_cli_imports_no_array_library() -> None:
    """`jnp` and `np` of the lazy module import at their first use, which a constant at the top of a module would be."""
    names = [f"modelc.{path[:-3].replace('/', '.')}" for path in FILES if path.startswith(("compiler/", "cli/"))]
    _, packages = packages_after("\n".join(f"import {name.removesuffix('.__init__')}" for name in names))
    assert packages.isdisjoint(HEAVY)


def test_compiler_and_cli_take_array_libraries_from_the_lazy_module_only() -> None:
    taken = {
        (path, name)
        for path, tree in FILES.items()
        if path.startswith(("compiler/", "cli/")) and path != LAZY
        for node in ast.walk(tree)
        for name in names_of(node)
        if name.partition(".")[0] in ("jax", "jaxlib", "numpy", "optax")
    }
    assert not taken


def test_array_libraries_at_the_top_of_a_module_would_be_found() -> None:
    hidden = "try:\n    import jax\nexcept ImportError:\n    from numpy import array\nclass A:\n    import optax"
    assert list(imported_with(ast.parse(hidden).body)) == ["jax", "numpy", "optax"]
    late = "if TYPE_CHECKING:\n    import jax\ndef f():\n    import jax"
    assert list(imported_with(ast.parse(late).body)) == []


def test_nothing_is_evaluated_and_nothing_unpickled() -> None:
    calls = {"eval", "exec", "__import__", "os.system", "yaml.load", "yaml.full_load", "yaml.unsafe_load"}
    modules = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"}
    found = []
    for path, tree in FILES.items():
        for node in ast.walk(tree):
            found += [(path, name) for name in names_of(node) if name.partition(".")[0] in modules]
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if name in calls or any(given.get(risk, "False") != "False" for risk in ("allow_pickle", "shell")):
                found.append((path, ast.unparse(node)))
            if name in ("np.load", "numpy.load") and "allow_pickle" not in given:
                found.append((path, ast.unparse(node)))
    assert not found


PRINTING = re.compile(
    r"(print|input|pprint|\w+\.(echo|secho|confirm|prompt)|json\.dumps?|os\.write|warnings\.warn"
    r"|traceback\.print_\w+|(.+\.)?(print|print_json|log|rule|write|writelines))"
)
NOT_PRINTING = {
    "file.write": "a file that the user named",
    "os.write": "a constant, by the handler of signals",
    "self.bar.console.print": "lines that `rendered` gave, above the bar of progress",
}
"""What writes without the functions of `cli/console.py`, and why it may: what it writes is not from outside."""


def printing_calls(tree: ast.AST) -> set[str]:
    """The calls that may put raw text on a terminal or into a log."""
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    taken = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (node.module, alias.name) == ("modelc.cli.console", "write")
        or (node.module, alias.name) == ("json", "dumps")
    }
    return {call for call in calls if PRINTING.fullmatch(call)} | taken


def test_commands_print_through_the_console_only() -> None:
    """`cli/console.py` makes all that it prints safe: names from outside act on no terminal and no log."""
    found = {
        (path, call)
        for path, tree in FILES.items()
        if path.startswith("cli/") and path != "cli/console.py"
        for call in printing_calls(tree)
    }
    assert {call for _, call in found} == set(NOT_PRINTING)
    assert {path for path, call in found if call != "file.write"} == {"cli/stopping.py", "cli/progress.py"}


def test_nothing_but_commands_prints() -> None:
    streams = {"print", "sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__", "warnings.warn"}
    found = {
        (path, ast.unparse(node))
        for path, tree in FILES.items()
        if path.startswith(("compiler/", "runtime/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in streams
    }
    assert found == set()


def test_printing_past_the_console_would_be_found() -> None:
    hidden = """
from modelc.cli.console import write
from json import dumps
print(name); typer.echo(name); sys.stderr.write(name); stream.writelines(names); Console().print(name); json.dump(name, file)
"""
    assert len(printing_calls(ast.parse(hidden))) == 8
    assert printing_calls(ast.parse("say(name); say_document(text); show_problems(problems, {})")) == set()


def test_questions_about_paths_are_asked_so_that_none_raises() -> None:
    """`Path.exists` and the like raise for names that are too long, and where a folder above may not be searched."""
    raising = {"exists", "is_file", "is_dir", "is_symlink", "is_mount", "samefile", "home"}
    found = {
        (path, ast.unparse(node))
        for path, tree in FILES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in raising
        if ast.unparse(node.func.value) != "os.path"
    }
    assert found == set()


def test_files_are_small() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > 350} == {}


def test_functions_are_short() -> None:
    long = [
        (path, node.name, length)
        for path, tree in FILES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > 60
    ]
    assert long == []


def test_every_file_says_what_it_is() -> None:
    assert [path for path, tree in FILES.items() if not ast.get_docstring(tree)] == []


def test_the_paths_in_contributing_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:compiler|runtime|cli|tests|docs|benchmarks)/[^`<\s:]*)", text)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []

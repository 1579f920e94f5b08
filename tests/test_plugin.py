"""`modelc.plugin`: each name documented where it is defined and on its page, and nothing below it used by plug-ins."""

import ast
import re
from pathlib import Path

import pytest

import modelc
import modelc.plugin
import modelc.testing
from modelc.compiler.library.registries import TABLES, table_of
from modelc.compiler.plugins.conformance import contract_of, unwritten
from tests import made_plugins
from tests.test_docs import FILES, blocks

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "plugins.md"
PUBLIC = {"modelc", "modelc.plugin", "modelc.testing"}


def test_the_public_names_are_in_order_and_are_all_there_is() -> None:
    assert modelc.plugin.__all__ == sorted(modelc.plugin.__all__)
    imported = {alias.name for node in imports(ast.parse(source("modelc.plugin"))) for alias in node.names}
    assert imported == set(modelc.plugin.__all__)


@pytest.mark.parametrize("name", modelc.plugin.__all__)
def test_each_name_says_what_it_is_where_it_is_defined(name: str) -> None:
    (module,) = [
        node.module
        for node in imports(ast.parse(source("modelc.plugin")))
        if name in [alias.name for alias in node.names]
    ]
    assert module is not None
    body = ast.parse(source(module)).body
    for statement, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.ClassDef | ast.FunctionDef) and statement.name == name:
            assert ast.get_docstring(statement)
            return
        if isinstance(statement, ast.Assign) and [ast.unparse(target) for target in statement.targets] == [name]:
            assert isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            assert isinstance(after.value.value, str)
            return
    pytest.fail(f"`{name}` is not defined in {module}, from where it is imported")


def test_the_page_has_a_row_for_each_public_name_and_for_nothing_else() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for module in (modelc, modelc.plugin, modelc.testing):
        _, found, section = text.partition(f"### `{module.__name__}`\n")
        assert found, module
        rows = re.findall(r"^\| `(\w+)", section.partition("\n### ")[0].partition("\n## ")[0], re.MULTILINE)
        assert sorted(rows) == sorted(module.__all__), module


def source(module: str) -> str:
    path = ROOT / module.replace(".", "/")
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")


def imports(tree: ast.Module) -> list[ast.ImportFrom]:
    """The statements that import names, inside functions too."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def modules_of(text: str) -> set[str]:
    """The modules of modelc that a text of Python imports, or imports from."""
    tree = ast.parse(text)
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module or "" for node in imports(tree)}
    return {name for name in plain | named if name.partition(".")[0] == "modelc"}


TESTS = ("tests/test_testing.py", "tests/cli/test_plugins.py", "tests/made_plugins.py")
TEXTS = {
    **{str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in [ROOT / name for name in TESTS]},
    **{
        str(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
        for file in sorted((ROOT / "modelc" / "testing").glob("*.py"))
    },
    **{
        f"{file.relative_to(ROOT)}:{block.line}": block.text
        for file in FILES
        for block in blocks(file)
        if block.language == "python"
    },
}


@pytest.mark.parametrize("where", TEXTS)
def test_documents_tests_of_plugins_and_the_kit_use_nothing_below_what_is_public(where: str) -> None:
    kit = {name for name in modules_of(TEXTS[where]) if name.startswith("modelc.testing.")}
    assert not kit or where.startswith("modelc/testing/")
    assert modules_of(TEXTS[where]) - kit <= PUBLIC


def test_the_plugin_of_the_tests_uses_nothing_below_what_is_public() -> None:
    assert modules_of(made_plugins.CODE) == {"modelc.plugin"}


def test_imports_below_what_is_public_would_be_found() -> None:
    text = "import modelc.compiler.api\ndef f():\n    from modelc.runtime import runs\nfrom modelc.plugin import Layer"
    assert modules_of(text) == {"modelc.compiler.api", "modelc.runtime", "modelc.plugin"}


def test_the_page_says_which_methods_each_kind_has_to_have() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| kind | base |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| ([^;|]+)", table, re.MULTILINE)
    public = [table for table in TABLES if contract_of(table).startswith("modelc.plugin.")]
    assert sorted(kind for kind, _, _ in rows) == sorted(table.kind for table in public)
    for kind, base, methods in rows:
        assert table_of(kind).base is getattr(modelc.plugin, base)
        assert sorted(re.findall(r"`(\w+)`", methods)) == sorted(unwritten(table_of(kind).base))

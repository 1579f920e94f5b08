"""The page of every code: its form, and its specs, of which the wrong one gives exactly its code and the right one nothing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import modelc
from modelc.compiler.api import check
from modelc.compiler.diagnostics.catalog import codes, page

WITH_SPECS = [code for code in codes() if page(code).wrong]


def test_codes_are_sorted_and_complete() -> None:
    assert list(codes()) == sorted(codes())
    assert len(codes()) == 86
    assert {code[:2] for code in codes()} == {"E0", "E1", "E2", "E3", "E4", "E5", "E6", "W9"}


@pytest.mark.parametrize("code", codes())
def test_a_page_has_a_title_prose_and_examples(code: str) -> None:
    explained = page(code)
    assert explained.code == code
    assert re.fullmatch(r"[a-z].*[^.]", explained.title)
    cause = explained.text.partition("\n## ")[0]
    assert 2 <= len(re.findall(r"\.(?=\s)", cause)) <= 7
    assert max(map(len, explained.text.split("\n"))) <= 100
    assert bool(explained.wrong) == bool(explained.right)
    headings = re.findall("^## (.*)$", explained.text, re.MULTILINE)
    assert headings in (["Wrong", "Right"], ["What it looks like"], ["What to do"])


def test_the_pages_without_specs_are_those_whose_fault_is_not_in_a_spec() -> None:
    assert set(codes()) - set(WITH_SPECS) == {
        *(
            "E001",
            "E005",
            "E009",
            "E010",
            "E011",
            "E403",
            "E404",
            "E405",
            "E406",
            "E407",
            "E501",
            "E502",
            "E505",
            "E506",
            "E507",
            "E601",
            "E602",
            "E603",
            "E604",
            "E605",
            "E606",
            "E607",
            "E608",
            "E609",
            "E610",
            "W911",
            "W913",
            "W921",
            "W990",
        ),
    }


@pytest.mark.parametrize("code", WITH_SPECS)
def test_the_wrong_spec_gives_exactly_its_code(code: str) -> None:
    assert [problem.code for problem in check(page(code).wrong, "spec.yaml").problems] == [code]


@pytest.mark.parametrize("code", WITH_SPECS)
def test_the_right_spec_has_no_problem(code: str) -> None:
    assert check(page(code).right, "spec.yaml").problems == ()


def test_every_code_in_the_program_has_a_page() -> None:
    root = Path(modelc.__file__).parent
    used = {
        code
        for folder in ("compiler", "runtime", "cli")
        for file in (root / folder).rglob("*.py")
        for code in re.findall(r"\"([EW]\d{3})\"", file.read_text(encoding="utf-8"))
    }
    assert used <= set(codes())


def test_an_unknown_code_has_no_page() -> None:
    with pytest.raises(KeyError):
        page("E999")


def test_pages_need_no_numeric_library() -> None:
    script = (
        "import sys; from modelc.compiler.diagnostics.catalog import page; page('E301'); print('jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

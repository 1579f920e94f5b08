"""What is installed is what is in the repository: packages, links, data files, the wheel, the lock and the continuous checks."""

import email
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = ("compiler", "runtime", "cli")
DATA = (".md", ".npz", ".txt", ".typed", ".json", ".yaml")


def installed_files() -> set[str]:
    """Every file of the packages, by the path that it has where it is installed."""
    files = {f"modelc/{name}" for name in ("__init__.py", "__main__.py", "from_python.py", "plugin.py", "py.typed")}
    files |= {f"modelc/testing/{file.name}" for file in (ROOT / "modelc" / "testing").glob("*.py")}
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*"):
            if file.is_file() and file.suffix in (".py", *DATA):
                files.add(f"modelc/{file.relative_to(ROOT).as_posix()}")
    return files


def test_the_list_of_packages_is_the_folders_that_are_packages() -> None:
    found = {"modelc", "modelc.testing"}
    for package in PACKAGES:
        for file in (ROOT / package).rglob("__init__.py"):
            found.add(".".join(("modelc", *file.parent.relative_to(ROOT).parts)))
    listed = PYPROJECT["tool"]["setuptools"]["packages"]
    assert set(listed) == found
    assert len(listed) == len(found)


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_reached_through_a_relative_link(package: str) -> None:
    """A checkout without links, as on Windows, holds the text of the link instead: what is installed is the same."""
    link = ROOT / "modelc" / package
    target = os.readlink(link) if link.is_symlink() else link.read_text(encoding="utf-8")
    assert target == f"../{package}"
    assert PYPROJECT["tool"]["setuptools"]["package-dir"][f"modelc.{package}"] == package


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the files that belong into it, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    unwanted = shutil.ignore_patterns("__pycache__", *PACKAGES)
    shutil.copytree(ROOT / "modelc", source / "modelc", ignore=unwanted)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(source)], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == installed_files()
    assert "modelc/compiler/diagnostics/codes/E301.md" in held
    assert "modelc/compiler/library/sources/digits.npz" in held
    assert "modelc/py.typed" in held


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        fields = email.message_from_bytes(archive.read(metadata))
        (licence,) = (name for name in archive.namelist() if name.endswith("/LICENSE"))
        assert "Apache License" in archive.read(licence).decode()
    assert fields["Name"] == "modelc"
    assert fields["License-Expression"] == "Apache-2.0"
    assert fields["Requires-Python"] == ">=3.11"
    assert str(fields.get_payload()).startswith("# modelc")


def test_an_installed_wheel_checks_a_spec(wheel: Path, tmp_path: Path) -> None:
    """Unpacked alone, away from the repository, with nothing but the libraries that it depends on."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    spec = tmp_path / "spec.yaml"
    spec.write_text((ROOT / "specs" / "digits.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    script = "import sys; sys.path.insert(0, 'site'); import modelc; print(modelc.__file__); modelc.load('spec.yaml')"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", check=True, cwd=tmp_path
    )
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)


def lock() -> dict[str, str]:
    """The pinned version of each package in the lock."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE))


def test_the_lock_pins_each_dependency_within_its_bound() -> None:
    project = PYPROJECT["project"]
    pinned = lock()
    extras = project["optional-dependencies"]
    own = "modelc[audio,images,plot,text]"
    assert {own} == {text for text in extras["test"] if text.startswith("modelc[")}
    for text in [
        *project["dependencies"],
        *extras["audio"],
        *extras["images"],
        *extras["plot"],
        *set(extras["test"]) - {own},
    ]:
        name, _, least = text.partition(">=")
        version = pinned[name.lower()]
        assert numbers(version) >= numbers(least or "0"), text


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def test_the_lock_has_hashes_and_names_no_place() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", text.rstrip("\n"))
    assert len(blocks) == len(lock())
    for block in blocks:
        assert re.fullmatch(r"[a-z0-9-]+==[^ ]+( ; [^\\]+)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\\n)?)+", block)


def readme_commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^python3 -m venv .*$", text, re.MULTILINE)


def test_readme_has_one_command_that_trains_and_one_that_tests() -> None:
    """Each does all of the set-up, so that it can be pasted on a fresh machine."""
    train, test = readme_commands()
    assert train == "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/modelc train specs/digits.yaml"
    assert test.startswith("python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest")


def test_the_continuous_checks_run_the_test_command_of_readme() -> None:
    """`.ci/run` takes the command from README: the first line with the words that it looks for."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (words,) = re.findall(r"grep -m 1 -e '([^']+)' README.md", script)
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert next(line for line in lines if words in line) == readme_commands()[1]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    for check in ("ruff check", "ruff format --check", "mypy", "lint-imports"):
        assert f"\nstep {check}" in script

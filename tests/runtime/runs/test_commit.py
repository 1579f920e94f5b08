"""The commit of a spec's repository: told where git knows it, and no program of a repository runs for it."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from modelc.runtime.runs import commit as commit_module
from modelc.runtime.runs.commit import Commit, commit_of
from tests.cli.commands import modelc

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    ended = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ended.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "specs").mkdir(parents=True)
    (folder / "specs" / "a[1].yaml").write_text("modelc: 1\n")
    (folder / "notes.txt").write_text("notes\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def spec(repository: Path) -> Path:
    return repository / "specs" / "a[1].yaml"


def test_a_spec_in_a_repository_has_its_commit(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    assert commit_of(spec(repository)) == Commit(id=head, changed=False)
    (repository / "runs").mkdir()
    (repository / "runs" / "made.txt").write_text("not of the commit")
    assert commit_of(spec(repository)) == Commit(id=head, changed=False)
    (repository / "notes.txt").write_text("others\n")
    assert commit_of(spec(repository)) == Commit(id=head, changed=True)


def test_a_run_has_the_commit_and_verify_shows_it(repository: Path) -> None:
    text = """\
modelc: 1
model: {inputs: {x: {shape: [2]}}, layers: [{dense: 1, name: y}]}
data: {source: {npz: rows.npz}, targets: {y: {array: y}}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1}
"""
    (repository / "small.yaml").write_text(text)
    np.savez(repository / "rows.npz", x=np.ones((4, 2), np.float32), y=np.ones((4, 1), np.float32))
    git(repository, "add", "small.yaml")
    git(repository, "commit", "--quiet", "-m", "second")
    head = git(repository, "rev-parse", "HEAD")
    assert modelc("train", "small.yaml", "--run-dir", "runs/a", cwd=repository).code == 0
    assert f"\n  commit {head[:12]}\n" in modelc("verify", "runs/a", cwd=repository).out
    (repository / "notes.txt").write_text("others\n")
    assert modelc("train", "small.yaml", "--run-dir", "runs/b", cwd=repository).code == 0
    assert f"\n  commit {head[:12]}, with changes\n" in modelc("verify", "runs/b", cwd=repository).out


def test_a_changed_or_new_spec_is_not_that_of_the_commit(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    new = repository / "specs" / "new.yaml"
    new.write_text("modelc: 1\n")
    assert commit_of(new) == Commit(id=head, changed=True)
    spec(repository).write_text("modelc: 1  # changed\n")
    assert commit_of(spec(repository)) == Commit(id=head, changed=True)
    git(repository, "commit", "--quiet", "-a", "-m", "second")
    assert commit_of(spec(repository)) == Commit(id=git(repository, "rev-parse", "HEAD"), changed=False)


def test_without_a_repository_a_commit_or_git_there_is_none(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_text("modelc: 1\n")
    assert commit_of(tmp_path / "a.yaml") is None
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "--quiet")
    assert commit_of(tmp_path / "empty" / "a.yaml") is None
    assert commit_of(tmp_path / "gone" / "a.yaml") is None
    (repository / ".git" / "HEAD").write_text("damaged")
    assert commit_of(spec(repository)) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(spec(repository)) is None


def test_a_git_that_takes_long_is_not_waited_for(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    slow = tmp_path / "bin" / "git"
    slow.write_text(f'#!/bin/sh\ncase "$*" in *status*) exec sleep 60;; esac\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(commit_module, "SECONDS", 0.5)
    begun = time.monotonic()
    found = commit_of(spec(repository))
    assert found is not None and found.changed is None and time.monotonic() - begun < 10


def test_variables_of_another_repository_are_not_followed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git(repository, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert commit_of(spec(repository)) == Commit(id=head, changed=False)


def test_no_program_that_a_repository_names_runs(repository: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {ran}\ncat\n')
    program.chmod(0o755)
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.process", "diff.external", "core.pager", "core.editor"):
        git(repository, "config", key, str(program))
    git(repository, "config", "filter.x.required", "true")
    (repository / ".gitattributes").write_text("* filter=x diff=x\n")
    hooks = repository / ".git" / "hooks"
    for name in ("post-index-change", "pre-commit", "post-checkout", "fsmonitor-watchman"):
        shutil.copy(program, hooks / name)
    # Of the same size, so that git has to look into it.
    spec(repository).write_text("modelc: 2\n")
    os.utime(repository / "notes.txt", (0, 0))
    found = commit_of(spec(repository))
    assert found is not None and found.changed
    git(repository, "config", "filter.a=b.clean", str(program))
    (repository / ".git" / "info" / "attributes").write_text("* filter=a=b\n")
    named = commit_of(spec(repository))
    assert named is not None and named.changed is None
    assert not ran.exists(), ran.read_text()
    # The programs are such as git runs where nobody prevents it.
    subprocess.run(["git", "status"], cwd=repository, capture_output=True, check=False)
    assert ran.exists()

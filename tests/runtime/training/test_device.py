"""Starting jax: variables of the environment that would change numbers or stop it, and devices that fail."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.training.device import SETTINGS, cannot_start, computing, configure, refusal_of_flags
from tests.cli.commands import modelc

OTHERS = {
    "jax_enable_x64": "1",
    "jax_disable_jit": "1",
    "jax_no_execution": "1",
    "jax_no_tracing": "1",
    "jax_debug_nans": "1",
    "jax_debug_infs": "1",
    "jax_numpy_rank_promotion": "raise",
    "jax_numpy_dtype_promotion": "strict",
    "jax_threefry_partitionable": "0",
    "jax_transfer_guard_host_to_device": "disallow",
    "jax_transfer_guard_device_to_host": "disallow",
    "jax_transfer_guard_device_to_device": "disallow",
    "jax_transfer_guard": "disallow",
}
SPEC = """\
modelc: 1
name: small
model:
  inputs: {image: {shape: [8, 8]}}
  layers: [flatten, dropout: 0.1, {dense: {units: 10, activation: softmax}, name: digit}]
data:
  source: digits
  inputs: {image: {array: {column: image, scale: 1/16}}}
  targets: {digit: {category: label}}
train: {loss: cross_entropy, optimizer: sgd, steps: 8}
"""


def in_environment(cwd: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "modelc", *arguments]
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False)


def losses(run: Path) -> object:
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [{key: value for key, value in line.items() if "/" in key} for line in lines]


def test_options_of_jax_change_no_number(tmp_path: Path) -> None:
    assert OTHERS.keys() == SETTINGS.keys()
    (tmp_path / "small.yaml").write_text(SPEC)
    assert modelc("train", "small.yaml", "--run-dir", "plain", cwd=tmp_path).code == 0
    variables = {option.upper(): value for option, value in OTHERS.items()}
    ended = in_environment(tmp_path, "train", "small.yaml", "--run-dir", "changed", **variables)
    assert ended.returncode == 0
    assert losses(tmp_path / "changed") == losses(tmp_path / "plain")
    for name, value in variables.items():
        assert f"warning: `{name}={value}` is not followed" in ended.stderr
    assert len(ended.stderr.splitlines()) == len(variables)


@pytest.mark.parametrize("variable", ["JAX_PLATFORMS=nonsense", "JAX_ENABLE_X64=perhaps", "XLA_FLAGS=--no_such_flag=1"])
@pytest.mark.parametrize("command", ["train"])
def test_a_variable_that_stops_jax_is_named(tmp_path: Path, variable: str, command: str) -> None:
    (tmp_path / "small.yaml").write_text(SPEC)
    name, _, value = variable.partition("=")
    ended = in_environment(tmp_path, command, "small.yaml", **{name: value})
    assert ended.returncode == 4 and ended.stdout == ""
    assert ended.stderr.startswith("error[E505]: ") and "bug" not in ended.stderr
    assert name in ended.stderr.splitlines()[0]
    assert not (tmp_path / "runs").exists()


def test_a_value_that_jax_does_not_take_is_blamed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": "abc", "JAX_DEBUG_NANS": "maybe"}.items():
        monkeypatch.setenv(name, value)
    error = cannot_start(ValueError('Invalid value "abc" for JAX flag jax_num_cpu_devices'))
    assert error.message == "jax does not take the value of `JAX_NUM_CPU_DEVICES=abc`"
    error = cannot_start(ValueError("invalid truth value 'maybe' for environment 'JAX_DEBUG_NANS'"))
    assert error.message == "jax does not take the value of `JAX_DEBUG_NANS=maybe`"
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    assert cannot_start(AssertionError()).notes == (
        "this machine has no such device, or jax is not installed for it: cuda",
    )


def test_an_option_that_nobody_asked_for_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in SETTINGS:
        monkeypatch.delenv(option.upper(), raising=False)
    assert configure() == ()
    monkeypatch.setenv("JAX_ENABLE_X64", "0")
    assert configure() == ()


def test_flags_that_xla_takes_are_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    for flags, reason in {
        "--xla_backend_optimization_level=0": None,
        "--xla_backend_optimization_level=much": "Couldn't interpret value much for flag xla_backend_optimization_level.",
        "no_such_file": 'Could not open file "no_such_file"',
    }.items():
        monkeypatch.setenv("XLA_FLAGS", flags)
        found = refusal_of_flags(flags)
        assert found == reason if reason is None else found is not None and reason in found
    assert refusal_of_flags("") is None


def test_an_error_without_words_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("JAX_", "XLA_"))]:
        monkeypatch.delenv(name)
    error = cannot_start(AssertionError())
    assert (error.code, error.message, error.notes) == (
        "E505",
        "jax finds no device to compute on",
        ("AssertionError",),
    )
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    assert cannot_start(AssertionError()).message == "jax finds no device to compute on, with `JAX_PLATFORMS=cuda`"


@pytest.mark.parametrize(
    ("words", "code"),
    [("RESOURCE_EXHAUSTED: Out of memory", "E502"), ("INTERNAL: CUDA_ERROR_LAUNCH_FAILED\nat line 3", "E505")],
)
def test_what_a_device_fails_at_is_no_bug(words: str, code: str) -> None:
    with pytest.raises(RunError) as caught, computing():
        raise jax.errors.JaxRuntimeError(words)
    assert caught.value.code == code
    assert caught.value.notes == (words.partition("\n")[0],)


@pytest.mark.parametrize(
    "words", ["INVALID_ARGUMENT: shapes", "INTERNAL: CpuCallback error calling callback: KeyError"]
)
def test_what_it_was_wrongly_asked_for_is_one(words: str) -> None:
    with pytest.raises(jax.errors.JaxRuntimeError), computing():
        raise jax.errors.JaxRuntimeError(words)

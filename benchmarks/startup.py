"""What `modelc validate` costs a user who only checks: CPU time of whole processes, user and system.

Four questions, each a promise of the project:

- one spec, against `validate_reference.py` (PyYAML, one pydantic model, a typer app of two commands, and no more):
  the median of the ratios of runs made in turn, so that a busy machine slows both. Promised: below 1.6.
- each further spec: the time that 1 + N copies of the spec take, less the time that one takes, over N. Promised: below
  10 ms.
- each further copy of a large model (VGG16, ResNet-50, a GPT of 96 blocks), in the same way. Promised: below 50 ms.
- 100 specs, those of `specs/` again and again, less the time of one small one. Promised: below 1 s.

    python benchmarks/startup.py [SPEC] [--runs 15] [--copies 20]

Ends with exit code 1 when a promise is broken. Needs a system with `os.wait4` (not Windows).
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "benchmarks" / "validate_reference.py"
MOST_RATIO = 1.6
MOST_PER_SPEC = 0.010
MOST_PER_LARGE_SPEC = 0.050
MOST_FOR_A_HUNDRED = 1.0
LARGE = {"vgg16": (), "resnet50": (), "gpt": ("vars.depth=96",)}
"""Large models of `specs/`, with settings."""


def main() -> int:
    parser = argparse.ArgumentParser(description="CPU time of `modelc validate`")
    parser.add_argument("spec", nargs="?", type=Path, default=ROOT / "specs" / "mnist_mlp.yaml")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--copies", type=int, default=20)
    options = parser.parse_args()
    ratio, ours, theirs = one_spec(options.spec, options.runs)
    further = further_specs(options.spec, options.runs, options.copies)
    large = {
        name: further_specs(ROOT / "specs" / f"{name}.yaml", options.runs, 5, settings)
        for name, settings in LARGE.items()
    }
    hundred = a_hundred_specs(options.runs)
    print(f"spec: {options.spec.name}, {options.runs} runs each, CPU time (user + system), medians\n")
    print(f"{'reference script':<28}{theirs * 1000:8.1f} ms")
    print(f"{'modelc validate':<28}{ours * 1000:8.1f} ms")
    print(f"{'ratio':<28}{ratio:8.2f}     promised: below {MOST_RATIO}")
    print(f"{'each further spec':<28}{further * 1000:8.1f} ms  promised: below {MOST_PER_SPEC * 1000:.0f} ms")
    for name, settings in LARGE.items():
        told = " ".join((name, *settings))
        print(f"{told:<28}{large[name] * 1000:8.1f} ms  promised: below {MOST_PER_LARGE_SPEC * 1000:.0f} ms")
    print(f"{'100 specs':<28}{hundred * 1000:8.1f} ms  promised: below {MOST_FOR_A_HUNDRED * 1000:.0f} ms")
    kept = ratio < MOST_RATIO and further < MOST_PER_SPEC and hundred < MOST_FOR_A_HUNDRED
    return 0 if kept and max(large.values()) < MOST_PER_LARGE_SPEC else 1


def one_spec(spec: Path, runs: int) -> tuple[float, float, float]:
    """The median ratio, and the median seconds of `modelc validate` and of the reference."""
    ours = [sys.executable, "-m", "modelc", "validate", str(spec)]
    theirs = [sys.executable, str(REFERENCE), "validate", str(spec)]
    for command in (ours, theirs):
        seconds(command)
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(runs)]
    return (
        statistics.median(a / b for a, b in pairs),
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
    )


def further_specs(spec: Path, runs: int, copies: int, settings: Sequence[str] = ()) -> float:
    """Median seconds for each spec beyond the first, in one process."""
    with tempfile.TemporaryDirectory() as folder:
        files = [str(shutil.copy(spec, Path(folder) / f"copy_{index}{spec.suffix}")) for index in range(copies + 1)]
        command = [sys.executable, "-m", "modelc", "validate", *(part for one in settings for part in ("--set", one))]
        pairs = [(seconds([*command, *files]), seconds([*command, files[0]])) for _ in range(max(runs // 3, 3))]
    return statistics.median(a - b for a, b in pairs) / copies


def a_hundred_specs(runs: int) -> float:
    """Median seconds for copies of the shipped specs in one process, beyond those for one small spec."""
    shipped = sorted((ROOT / "specs").glob("*.yaml"))
    with tempfile.TemporaryDirectory() as folder:
        files = [
            str(shutil.copy(spec, Path(folder) / f"copy_{index}.yaml"))
            for index, spec in enumerate(islice(cycle(shipped), 100))
        ]
        command = [sys.executable, "-m", "modelc", "validate"]
        small = str(ROOT / "specs" / "digits.yaml")
        pairs = [(seconds([*command, *files]), seconds([*command, small])) for _ in range(max(runs // 3, 3))]
    return statistics.median(a - b for a, b in pairs)


def seconds(command: list[str]) -> float:
    """CPU seconds, user and system, of one process. Raises where it fails.

    Bytecode is cached, as it is for everybody who installs with pip; a developer may have switched that off.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())

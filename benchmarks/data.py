"""What rows cost: to prepare them, to find them prepared, to feed them from mapped files, in time and in memory.

    python benchmarks/data.py [--rows 1000000] [--rounds 5] [--only prepare found fed decoded cold memory]

Data is made. In each round what is compared takes turns, each in a process of its own but for `fed` and `cold`; printed is the
median of the ratios, and what is promised of it. Ends with exit code 1 where a promise is broken. Promised are:

- `prepare`: a csv file of 20 columns of numbers and one to predict is prepared in at most 1.5 times what the table engine takes to
  read it, with types found over all rows;
- `found`: `modelc train` reaches its first step on prepared rows in at most 1.2 times its time on arrays in an .npz file;
- `fed`: rows that are mapped, in a warm cache, train at no less than 0.9 of the speed of resident ones, on an MLP and on LeNet-5
  with batches of 128 images;
- `decoded`: while a step waits for images, which are decoded on the way, the threads that decode have work for at least 0.9 of the time,
  summed over all of them; with a model that computes little, and with one that computes more;
- `cold`: rows of 20 numbers that are on the disk alone come by `shuffle: {blocks: N}` at least 20 times as fast as by `true`;
- `memory`: the memory that a training on mapped rows has of its own (RssAnon of /proc, at its peak) is at most 1.1 times that of
  one on a quarter of the rows. What the system keeps of the files in memory (the rest of ru_maxrss) is printed too.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

COLUMNS, BATCH = 20, 128
FIRST_STEP = ("--no-baseline", "--set", "train.steps=1", "--set", "train.epochs=null")
MOST = {"prepare": 1.5, "found": 1.2, "memory": 1.1}
LEAST = {"fed": 0.9, "decoded": 0.9, "cold": 20.0}
SPEC = """\
modelc: 1
name: rows
model: {{inputs: {{x: {{shape: [20]}}}}, layers: [dense: 32, relu, {{dense: 1, name: y}}]}}
data: {{source: {source}, inputs: {{x: {reader}}}, targets: {{y: {{array: y}}}}}}
train: {{loss: mean_squared_error, optimizer: adam, batch_size: 128, epochs: 1}}
"""
CSV = SPEC.format(source="{csv: rows.csv}", reader='{numbers: ["c*"]}')
NPZ = SPEC.format(source="{npz: rows.npz}", reader="{array: x}")
MLP: list[Any] = ["flatten", {"dense": 512}, "relu", {"dense": {"units": 10, "activation": "softmax"}, "name": "y"}]
LENET: list[Any] = [
    {"reshape": [28, 28, 1]},
    {"conv2d": {"filters": 6, "kernel_size": 5, "padding": "same"}},
    *("tanh", {"avg_pool2d": 2}),
    {"conv2d": {"filters": 16, "kernel_size": 5}},
    *("tanh", {"avg_pool2d": 2}, "flatten", {"dense": 120}, "tanh", {"dense": 84}, "tanh"),
    {"dense": {"units": 10, "activation": "softmax"}, "name": "y"},
]


def write_csv(folder: Path, rows: int) -> None:
    generator = np.random.default_rng(0)
    with (folder / "rows.csv").open("w") as file:
        file.write(",".join([*(f"c{number}" for number in range(COLUMNS)), "y"]) + "\n")
        for start in range(0, rows, 10_000):
            np.savetxt(file, generator.normal(size=(min(10_000, rows - start), COLUMNS + 1)), "%.6f", ",")
    os.utime(folder / "rows.csv", (1, 1))


def write_npz(folder: Path, rows: int) -> None:
    values = np.random.default_rng(0).normal(size=(rows, COLUMNS + 1)).astype(np.float32)
    np.savez(folder / "rows.npz", x=values[:, :COLUMNS], y=values[:, COLUMNS])
    os.utime(folder / "rows.npz", (1, 1))


def called(folder: Path, what: str, *arguments: str, cache: str = "cache") -> dict[str, float]:
    """What `what`, one of `PARTS`, prints in a process of its own."""
    command = [sys.executable, __file__, "--part", what, *arguments]
    variables = {**os.environ, "MODELC_CACHE": str(folder / cache)}
    ended = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def engine_alone() -> dict[str, float]:
    """The seconds that the engine takes to read the file with types over all rows."""
    import duckdb

    begun = time.perf_counter()
    duckdb.execute("select * from read_csv('rows.csv', sample_size = -1)").fetchnumpy()
    return {"seconds": time.perf_counter() - begun}


def prepared() -> dict[str, float]:
    """The seconds until the rows of a spec are there, prepared or not."""
    import duckdb  # noqa: F401  # as above, its import is not what is measured

    task, root = task_and_root("rows.yaml")
    from modelc.runtime.data.dataset import complete
    from modelc.runtime.data.prepared_rows import dataset_of

    begun = time.perf_counter()
    task, _ = complete(task, root)
    dataset_of(task, root)
    return {"seconds": time.perf_counter() - begun}


def task_and_root(name: str) -> Any:
    from modelc.compiler.api import load
    from modelc.compiler.syntax.file_root import spec_root
    from modelc.runtime.training import device

    device.prepare()
    return load(Path(name)), spec_root(Path(name), None)


def in_memory() -> dict[str, float]:
    """The peak of the memory that a training on mapped rows has of its own, and of all that it has."""
    peaks = [0]

    def watch() -> None:
        while True:
            lines = Path("/proc/self/status").read_text().splitlines()
            peaks[0] = max(peaks[0], *(int(line.split()[1]) for line in lines if line.startswith("RssAnon")))
            time.sleep(0.01)

    threading.Thread(target=watch, daemon=True).start()
    from modelc.cli.main import main

    sys.argv = ["modelc", "train", "rows.yaml", "--feed", "mapped", "--no-baseline"]
    try:
        main()
    except SystemExit as ended:
        if ended.code:
            raise
    whole = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"own": peaks[0] / 1e3, "whole": whole / 1e3}


PARTS: dict[str, Callable[[], dict[str, float]]] = {
    "engine": engine_alone,
    "prepared": prepared,
    "memory": in_memory,
}


def prepare(folder: Path, rows: int, rounds: int) -> float:
    write_csv(folder, rows)
    (folder / "rows.yaml").write_text(CSV)
    ratios = []
    for turn in range(rounds):
        own = called(folder, "prepared", cache=f"cache{turn}")["seconds"]
        ratios.append(own / called(folder, "engine")["seconds"])
    return statistics.median(ratios)


def found(folder: Path, rows: int, rounds: int) -> float:
    write_csv(folder, rows)
    write_npz(folder, rows)
    for name, text in (("csv", CSV), ("npz", NPZ)):
        (folder / f"{name}.yaml").write_text(text)
    seconds: dict[str, list[float]] = {"csv": [], "npz": []}
    for turn in range(rounds + 1):
        for name, measured in seconds.items():
            command = [sys.executable, "-m", "modelc", "train", f"{name}.yaml", *FIRST_STEP]
            begun = time.perf_counter()
            variables = {**os.environ, "MODELC_CACHE": str(folder / "cache")}
            subprocess.run(command, cwd=folder, env=variables, capture_output=True, check=True)
            # The first prepares, and compiles what later ones find.
            if turn:
                measured.append(time.perf_counter() - begun)
    return statistics.median(csv / npz for csv, npz in zip(*seconds.values(), strict=True))


def loop_of(raw: dict[str, Any], folder: Path, way: Any) -> Any:
    """A training whose rows come in this way, and which says nothing."""
    from dataclasses import replace

    from modelc.compiler.api import load
    from modelc.compiler.lowering.prepared_task import prepare as ready
    from modelc.compiler.syntax.file_root import Root
    from modelc.runtime.data.dataset import complete
    from modelc.runtime.data.prepared_rows import Reading, dataset_of
    from modelc.runtime.training.execution import choose
    from modelc.runtime.training.loop import Loop
    from modelc.runtime.training.observer import NoSaver
    from modelc.runtime.training.ways_of_feeding import Feeding

    class Silent:
        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *given: None

    root = Root(folder, folder / "cache")
    task, _ = complete(load(raw), root)
    dataset = dataset_of(task, root, reading=Reading(lambda size: way == "mapped", decode=way == "decoded"))
    execution = replace(choose(task), feeding=Feeding(way, "measured"))
    return Loop(ready(task), dataset, execution, Silent(), lambda: False, NoSaver())  # type: ignore[arg-type]


def classifier(shape: list[int], layers: list[Any], source: Any, reader: Any, labels: Any) -> dict[str, Any]:
    """A spec that trains for longer than is measured."""
    return {
        "modelc": 1,
        "model": {"inputs": {"x": {"shape": shape}}, "layers": layers},
        "data": {
            "source": source,
            "inputs": {"x": reader},
            "targets": {"y": {"category": labels}},
        },
        "train": {"loss": "cross_entropy", "optimizer": "adam", "batch_size": BATCH, "epochs": 1000},
    }


def fed(folder: Path, rows: int, rounds: int) -> float:
    images = np.random.default_rng(0).integers(0, 256, (min(rows, 60_000), 28, 28), dtype=np.uint8)
    np.savez(folder / "images.npz", image=images, label=images[:, 0, 0] % 10)
    os.utime(folder / "images.npz", (1, 1))
    least = float("inf")
    for name, layers in (("mlp", MLP), ("lenet", LENET)):
        reader = {"array": {"column": "image", "scale": "1/255"}}
        raw = classifier([28, 28], layers, {"npz": "images.npz"}, reader, {"column": "label", "classes": 10})
        loops, states, seconds = {}, {}, {"resident": [0.0] * 0, "mapped": [0.0] * 0}
        for way in seconds:
            loops[way] = loop_of(raw, folder, way)
            states[way] = loops[way].train_epoch(loops[way].first())
        for _ in range(rounds):
            for way, measured in seconds.items():
                begun = time.perf_counter()
                states[way] = loops[way].train_epoch(states[way])
                states[way].train.step.block_until_ready()
                measured.append(time.perf_counter() - begun)
        ratio = statistics.median(one / other for one, other in zip(*seconds.values(), strict=True))
        print(f"  {name}: mapped at {ratio:.2f} of the speed of resident rows")
        least = min(least, ratio)
    return least


def decoded(folder: Path, rows: int, rounds: int) -> float:
    from PIL import Image

    from modelc.runtime.data.decoder import Decoder

    draw, count = np.random.default_rng(0), min(rows, 2_000)
    for number in range(count):
        path = folder / "images" / str(number % 10) / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(draw.integers(0, 256, (24, 32, 3), dtype=np.uint8))
        small.resize((512, 384), Image.Resampling.BICUBIC).save(path, quality=90)
    source, labels = {"files": "images/*/*.jpg"}, {"column": "folder", "classes": [str(one) for one in range(10)]}
    shares = []
    for name, pool in (("little", 56), ("more", 2)):
        layers: list[Any] = [{"avg_pool2d": pool}, {"conv2d": {"filters": 8, "kernel_size": 3}}, "global_avg_pool2d"]
        layers.append({"dense": {"units": 10, "activation": "softmax"}, "name": "y"})
        reader = {"image": {"column": "file", "scale": "1/255"}}
        loop = loop_of(classifier([224, 224, 3], layers, source, reader, labels), folder, "decoded")
        array, into, decoder = loop.part.inputs["x"], np.empty((BATCH, 224, 224, 3), np.float32), Decoder()
        begun, starts = time.perf_counter(), range(0, count - BATCH, BATCH)
        for start in starts:
            decoder.take(array, np.arange(start, start + BATCH, dtype=np.int32), into)
        alone = len(starts) * BATCH / (time.perf_counter() - begun)
        state, begun = loop.first(), time.perf_counter()
        for _ in range(rounds):
            state = loop.train_epoch(state)
        seconds, times = time.perf_counter() - begun, loop.feed.times
        speed, waited, busy = rounds * count / seconds, times.waited / seconds, times.busy or 1.0
        print(f"  {name} to compute: {speed:,.0f} images a second, {alone:,.0f} where nothing is computed;")
        print(f"    steps waited {waited:.0%} of the time, in which {times.threads} threads had work for {busy:.0%}")
        shares.append(busy)
        loop.close()
    return min(shares)


def cold(folder: Path, rows: int, rounds: int) -> float:
    import mmap

    from modelc.compiler.language.settings import Blocks
    from modelc.runtime.data.gathering import Gatherer
    from modelc.runtime.data.order import Batches, Order

    path, rows = folder / "cold.npy", 20 * rows
    values = np.lib.format.open_memmap(path, "w+", np.float32, (rows, COLUMNS))
    for start in range(0, rows, 10**6):
        values[start : start + 10**6] = start
    values.flush()
    del values
    ratios = []
    for turn in range(rounds):
        speeds = []
        for shuffle, steps in ((Blocks(100_000), 4_000), (True, 40)):
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                array = np.frombuffer(mapped, np.float32, rows * COLUMNS, 128).reshape(rows, COLUMNS)
                batches = Batches(Order(0, 1 + turn, rows, shuffle), BATCH)
                indices, _ = batches.steps(0, steps)
                extents = batches.order.extents(0, indices.size)
                begun = time.perf_counter()
                Gatherer(lambda: None).take(array, indices, extents)
                speeds.append(indices.size / (time.perf_counter() - begun))
        print(f"  {speeds[0]:,.0f} rows a second by blocks, {speeds[1]:,.0f} by `true`")
        ratios.append(speeds[0] / speeds[1])
    return statistics.median(ratios)


def memory(folder: Path, rows: int, rounds: int) -> float:
    (folder / "rows.yaml").write_text(NPZ.replace("epochs: 1}", "epochs: 1, shuffle: {blocks: 10000}}"))
    figures = []
    for count in (rows // 4, rows):
        write_npz(folder, count)
        called(folder, "memory")
        figures.append(called(folder, "memory"))
        print(f"  {count:,} rows: {figures[-1]['own']:,.0f} MB of its own, {figures[-1]['whole']:,.0f} MB with files")
    return figures[1]["own"] / figures[0]["own"]


MEASURES: dict[str, Callable[[Path, int, int], float]] = {
    "prepare": prepare,
    "found": found,
    "fed": fed,
    "decoded": decoded,
    "cold": cold,
    "memory": memory,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=[*MEASURES])
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(PARTS[options.part]()))
        return 0
    broken = 0
    for name in options.only:
        with tempfile.TemporaryDirectory(prefix="modelc-") as folder:
            ratio = MEASURES[name](Path(folder), options.rows, options.rounds)
        is_broken = ratio > MOST.get(name, float("inf")) or ratio < LEAST.get(name, 0.0)
        bound = f"at most {MOST[name]}" if name in MOST else f"at least {LEAST[name]}"
        print(f"{name}: {ratio:.2f}, promised is {bound}{'   BROKEN' if is_broken else ''}", flush=True)
        broken += is_broken
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Made data for the shipped specs and the templates: small arrays of the right shapes, with something in them that can be learnt."""

from pathlib import Path
from typing import Any

import numpy as np

CLASSES = 10


def make_mnist(folder: Path, rows: int = 60_000, test_rows: int = 10_000) -> None:
    """A `mnist.npz` of the shapes of the real one, whose labels can be seen as a bright row."""
    generator = np.random.default_rng(0)

    def part(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = generator.integers(0, CLASSES, count, dtype=np.uint8)
        images = np.zeros((count, 28, 28), np.uint8)
        images[np.arange(count), labels * 2 + 4] = 255
        return images, labels

    (x_train, y_train), (x_test, y_test) = part(rows), part(test_rows)
    np.savez_compressed(folder / "mnist.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def make_products(folder: Path, rows: int = 96) -> None:
    """`products.npz` of `specs/image_text.yaml`: the photo's brightness gives the topic, the title's length the price."""
    generator = np.random.default_rng(1)
    topics = np.array(["books", "clothes", "garden", "music", "toys"])
    topic = generator.integers(0, 5, rows)
    photo = (np.ones((rows, 32, 32, 3)) * topic[:, None, None, None] * 50).astype(np.uint8)
    length = generator.integers(1, 17, rows)
    title = np.where(np.arange(16) < length[:, None], generator.integers(1, 1000, (rows, 16)), 0).astype(np.int32)
    np.savez(folder / "products.npz", photo=photo, title=title, topic=topics[topic], price=length.astype(np.float32))


def make_reviews(folder: Path, rows: int = 296) -> None:
    """`reviews.npz` of `specs/lstm_classifier.yaml`: good reviews begin with a small id."""
    generator = np.random.default_rng(2)
    length = generator.integers(2, 65, rows)
    tokens = np.where(np.arange(64) < length[:, None], generator.integers(10, 5000, (rows, 64)), 0).astype(np.int32)
    label = generator.integers(0, 2, rows, dtype=np.uint8)
    tokens[:, 0] = np.where(label, 1, 2)
    np.savez(folder / "reviews.npz", tokens=tokens, label=label)


def make_rentals(folder: Path, rows: int = 400) -> None:
    """`rentals.npz` of `specs/bike_rentals.yaml`: more in warm air, at noon, on short ways and at some of the stations."""
    generator = np.random.default_rng(3)
    weather = generator.normal([15, 14, 60, 1013], [8, 8, 15, 9], (rows, 4)).astype(np.float32)
    distance = generator.exponential(2.5, (rows, 1)).astype(np.float32)
    hour = generator.integers(0, 24, rows, dtype=np.int32)
    station = (1000 + 37 * generator.geometric(0.1, rows)).astype(np.int32)
    rentals = 3 + weather[:, 0] / 8 - np.abs(hour - 12) / 6 - distance[:, 0] / 5 + station % 3
    np.savez(
        folder / "rentals.npz",
        weather=weather,
        distance=distance,
        hour=hour,
        station=station,
        rentals=rentals[:, None].astype(np.float32),
    )


def make_sequences(folder: Path, rows: int = 160) -> None:
    """`sequences.npz` of the template sequence: the first token says the class."""
    generator = np.random.default_rng(4)
    length = generator.integers(2, 51, rows)
    tokens = np.where(np.arange(50) < length[:, None], generator.integers(10, 1000, (rows, 50)), 0).astype(np.int32)
    label = generator.integers(0, 3, rows)
    tokens[:, 0] = 1 + label
    np.savez(folder / "sequences.npz", tokens=tokens, label=np.array(["bad", "fair", "good"])[label])


def make_table(folder: Path, rows: int = 160) -> None:
    """`table.npz` of the template table: the price is a sum over the columns."""
    generator = np.random.default_rng(5)
    numbers = generator.normal([3, 100, 0.1], [1, 30, 0.02], (rows, 3)).astype(np.float32)
    kind = generator.integers(500, 510, rows, dtype=np.int32)
    price = numbers @ np.array([1, 0.1, 5], np.float32) + kind % 10
    np.savez(folder / "table.npz", numbers=numbers, kind=kind, price=price[:, None].astype(np.float32))


def make_text(folder: Path, rows: int = 80) -> None:
    """`text.npz` of the template transformer: each token is the one before it and three."""
    generator = np.random.default_rng(6)
    tokens = (generator.integers(0, 96, (rows, 1)) + 3 * np.arange(65)) % 96
    np.savez(folder / "text.npz", tokens=tokens[:, :-1].astype(np.int32), next=tokens[:, 1:].astype(np.int32))


def make_cells(folder: Path, rows: int = 40) -> None:
    """`cells.npz` of `specs/unet.yaml`, of 16x16 pixels: a cell is a bright square."""
    generator = np.random.default_rng(7)
    mask = np.zeros((rows, 16, 16, 1), np.uint8)
    for image, (top, left) in zip(mask, generator.integers(0, 10, (rows, 2)), strict=True):
        image[top : top + 5, left : left + 5] = 1
    noisy = generator.integers(0, 100, mask.shape) + 150 * mask
    np.savez(folder / "cells.npz", image=noisy.astype(np.uint8), mask=mask)


def make_pairs(folder: Path, rows: int = 60) -> None:
    """`pairs.npz` of `specs/siamese.yaml`: alike are images with the same bright row."""
    generator = np.random.default_rng(8)
    alike = generator.integers(0, 2, rows, dtype=np.uint8)
    place = generator.integers(0, 14, rows)
    images = np.zeros((2, rows, 28, 28), np.uint8)
    images[0, np.arange(rows), place] = 255
    images[1, np.arange(rows), np.where(alike, place, place + 14)] = 255
    np.savez(folder / "pairs.npz", first=images[0], second=images[1], alike=alike)


def make_translations(folder: Path, rows: int = 60) -> None:
    """`translations.npz` of `specs/seq2seq.yaml`, of 8 words below 50: the same backwards; 1 is the start, 2 the end."""
    generator = np.random.default_rng(9)
    length = generator.integers(1, 8, rows)[:, None]
    place = np.arange(8)
    source = np.where(place < length, generator.integers(3, 50, (rows, 8)), 0)
    turned = np.take_along_axis(source, np.maximum(length - 1 - place, 0), 1)
    following = np.where(place < length, turned, np.where(place == length, 2, 0))
    begun = np.where(place <= length, np.concatenate([np.ones((rows, 1), int), following[:, :-1]], 1), 0)
    source, begun, following = (column.astype(np.int32) for column in (source, begun, following))
    np.savez(folder / "translations.npz", source=source, begun=begun, next=following)


def make_shakespeare(folder: Path, rows: int = 60) -> None:
    """`shakespeare.txt` of `specs/gpt.yaml`, in which each character is the one before it and five."""
    text = "".join(chr(ord(" ") + 5 * place % 65) for place in range(16 * rows))
    (folder / "shakespeare.txt").write_text(text)


def make_census(folder: Path, rows: int = 100) -> None:
    """`census.npz` of `specs/wide_and_deep.yaml`: income by education and occupation together, hours by a number."""
    generator = np.random.default_rng(11)
    numbers = generator.normal([40, 3, 1000], [10, 1, 300], (rows, 3)).astype(np.float32)
    education, occupation = generator.integers(0, 16, (2, rows), dtype=np.int32)
    income = ((education + occupation) % 2).astype(np.uint8)
    np.savez(
        folder / "census.npz",
        numbers=numbers,
        education=education,
        occupation=occupation,
        income=income,
        hours=numbers[:, 0],
    )


def make_tickets(folder: Path, rows: int = 100) -> None:
    """`tickets.npz` of `specs/fnet.yaml`, of 12 words below 50: the second word says the team, the first is always the same."""
    generator = np.random.default_rng(12)
    teams = np.array(["billing", "delivery", "returns", "sales", "technology"])
    team = generator.integers(0, 5, rows)
    words = generator.integers(10, 50, (rows, 12), dtype=np.int32)
    words[:, 0], words[:, 1] = 1, 2 + team
    np.savez(folder / "tickets.npz", words=words, team=teams[team])


def make_molecules(folder: Path, rows: int = 100) -> None:
    """`molecules.npz` of `specs/molecules.yaml`, of up to 8 atoms in a chain: those with a rare element in it do not pass."""
    generator = np.random.default_rng(13)
    size = generator.integers(2, 9, rows)[:, None]
    element = np.where(np.arange(8) < size, generator.integers(1, 20, (rows, 8)), 0)
    there = np.arange(7) < size - 1
    near, far = np.where(there, np.arange(7), 0), np.where(there, np.arange(1, 8), 0)
    kind = np.where(there, generator.integers(1, 5, (rows, 7)), 0)
    columns: dict[str, Any] = {
        "element": element,
        "kind": np.concatenate([kind, kind], 1),
        "start": np.concatenate([near, far], 1),
        "end": np.concatenate([far, near], 1),
        "passes": (element < 16).all(1),
    }
    arrays: dict[str, Any] = {name: column.astype(np.int32) for name, column in columns.items()}
    np.savez(folder / "molecules.npz", **arrays)


def make_stores(folder: Path, stores: int = 12, days: int = 400) -> None:
    """`stores.csv` of `specs/store_sales.yaml`: stores of very different sizes, with a week, promotions and days that are like the day
    before. One of them opened late, and one was closed for a week.
    """
    generator = np.random.default_rng(16)
    districts = [f"district {number}" for number in range(4)]
    first = np.datetime64("2025-01-01")
    lines = ["store,date,sales,promotion,district"]
    for store in range(stores):
        size = 20.0 * 2.0 ** generator.uniform(0, 6)
        week = 1 + 0.4 * np.sin(2 * np.pi * (np.arange(7) + store) / 7) * generator.uniform(0.3, 1)
        near = 0.0
        for day in range(200 if store == 0 else 0, days):
            near = 0.8 * near + generator.normal(0, 0.12)
            promotion = int(generator.random() < 0.2)
            sales = size * week[day % 7] * np.exp(near) * 1.8**promotion * (1 + day / 2000)
            if not (store == 1 and 100 <= day < 107):
                lines.append(f"store {store:02},{first + day},{sales:.2f},{promotion},{districts[store % 4]}")
    (folder / "stores.csv").write_text("\n".join(lines) + "\n")

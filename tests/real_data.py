"""The data sets of `docs/real_data.md` as files, each with what scikit-learn scores on the same rows.

Those of scikit-learn are public; iris, wine, breast cancer and digits are of the UCI repository (CC BY 4.0), diabetes of Efron et
al. (2004). The others are made here.
"""

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
from PIL import Image
from sklearn import datasets
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, jaccard_score, mean_absolute_error, r2_score, roc_auc_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

Array = np.ndarray[Any, Any]
Columns = dict[str, Any]


class Made(NamedTuple):
    """What the peer scores on the held-out rows, and new rows for `predict`: a file, how many rows it has, and what is meant."""

    peer: float
    new: str
    meant: list[Any]


def parts(rows: int, seed: int = 0) -> Array:
    """Whether each row is held out: a quarter of them."""
    return np.random.default_rng(seed).permutation(rows) < rows // 4


def split(columns: Columns, held: Array) -> Columns:
    return {**columns, "part": ["test" if out else "train" for out in held]}


def taken(columns: Mapping[str, Any], rows: Array) -> Columns:
    return {
        name: [value for value, wanted in zip(column, rows, strict=True) if wanted] for name, column in columns.items()
    }


def write_csv(path: Path, columns: Mapping[str, Any], delimiter: str = ",", decimal: str = ".") -> None:
    def shown(value: Any) -> str:
        return str(value).replace(".", decimal) if isinstance(value, float) else str(value)

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows([[shown(value) for value in row] for row in zip(*columns.values(), strict=True)])


def numbers(names: Iterable[str], table: Array) -> Columns:
    return {name: column.tolist() for name, column in zip(names, table.T, strict=True)}


def scaled_logistic(x: Array, y: Array, held: Array) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(x[~held], y[~held])


def iris(folder: Path) -> Made:
    data = datasets.load_iris()
    held, names = parts(150), [name.removesuffix(" (cm)") for name in data.feature_names]
    species = data.target_names[data.target].tolist()
    columns = numbers(names, data.data)
    write_csv(folder / "iris.csv", split({**columns, "species": species}, held))
    write_csv(folder / "new.csv", taken(columns, held))
    peer = scaled_logistic(data.data, data.target, held).score(data.data[held], data.target[held])
    return Made(peer, "new.csv", taken({"y": species}, held)["y"])


def wine(folder: Path) -> Made:
    data = datasets.load_wine()
    held = parts(178)
    columns = numbers([f"x_{place}" for place in range(13)], data.data)
    write_csv(folder / "wine.csv", split({**columns, "kind": data.target.tolist()}, held), ";", ",")
    write_csv(folder / "new.csv", taken(columns, held), ";", ",")
    peer = scaled_logistic(data.data, data.target, held).score(data.data[held], data.target[held])
    return Made(peer, "new.csv", [str(kind) for kind in data.target[held]])


def cancer(folder: Path) -> Made:
    data = datasets.load_breast_cancer()
    held = parts(569)
    columns = numbers(data.feature_names, data.data)
    for name, found in (
        ("cancer", split({**columns, "benign": data.target.tolist()}, held)),
        ("new", taken(columns, held)),
    ):
        write_csv(folder / f"{name}.csv", found)
        duckdb.sql(f"copy (from read_csv('{folder}/{name}.csv')) to '{folder}/{name}.parquet' (format parquet)")
    (folder / "cancer.csv").unlink()
    model = scaled_logistic(data.data, data.target, held)
    peer = roc_auc_score(data.target[held], model.predict_proba(data.data[held])[:, 1])
    return Made(peer, "new.parquet", ["true" if benign else "false" for benign in data.target[held]])


def diabetes(folder: Path) -> Made:
    data = datasets.load_diabetes(scaled=False)
    held = parts(442)
    columns = numbers(data.feature_names, data.data)
    write_csv(folder / "diabetes.csv", split({**columns, "progression": data.target.tolist()}, held))
    write_csv(folder / "new.csv", taken(columns, held))
    model = make_pipeline(StandardScaler(), Ridge()).fit(data.data[~held], data.target[~held])
    return Made(r2_score(data.target[held], model.predict(data.data[held])), "new.csv", data.target[held].tolist())


def digits_table(folder: Path) -> Made:
    data, held = datasets.load_digits(), parts(1797)
    columns = numbers([f"pixel_{place}" for place in range(64)], data.data.astype(int))
    write_csv(folder / "digits.csv", split({**columns, "digit": data.target.tolist()}, held))
    write_csv(folder / "new.csv", taken(columns, held))
    peer = SVC().fit(data.data[~held], data.target[~held]).score(data.data[held], data.target[held])
    return Made(peer, "new.csv", [str(digit) for digit in data.target[held]])


def digits_images(folder: Path) -> Made:
    data, held = datasets.load_digits(), parts(1797)
    meant = {}
    for number, (pixels, digit, out) in enumerate(zip(data.images, data.target, held, strict=True)):
        path = folder / "digits" / ("test" if out else "train") / str(digit) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels * 255 / 16).round().astype("uint8")).save(path)
        if out:
            meant[str(path)] = str(digit)
    peer = SVC().fit(data.data[~held], data.target[~held]).score(data.data[held], data.target[held])
    return Made(peer, "digits/test/*/*.png", [meant[path] for path in sorted(meant)])


def segmentation(folder: Path) -> Made:
    """Discs and rings of the same colour on ground of others: only what is around a pixel tells them apart."""
    draw, side, photos, masks = np.random.default_rng(3), 24, [], []
    y, x = np.mgrid[:side, :side]
    for name in ("photos", "masks"):
        (folder / name).mkdir()
    for number in range(200):
        photo, mask = draw.normal([90, 110, 70], 12, (side, side, 3)), np.zeros((side, side), "uint8")
        for kind in (1, 2):
            radius, (row, column) = draw.uniform(3, 5), draw.uniform(5, side - 5, 2)
            distance = np.hypot(y - row, x - column)
            inside = distance <= radius if kind == 1 else (distance <= radius) & (distance >= radius - 1.5)
            photo[inside], mask[inside] = draw.normal([190, 120, 100], 12, (inside.sum(), 3)), kind
        mask[0] = 255
        photos.append(photo.clip(0, 255).astype("uint8"))
        masks.append(mask)
        Image.fromarray(photos[-1]).save(folder / "photos" / f"{number:03}.jpg", quality=95)
        Image.fromarray(mask).save(folder / "masks" / f"{number:03}.png")
    around = [np.pad(photo / 255, ((1, 1), (1, 1), (0, 0))) for photo in photos]
    windows = [np.lib.stride_tricks.sliding_window_view(one, (3, 3), (0, 1)).reshape(side * side, -1) for one in around]
    labels = [mask.reshape(-1) for mask in masks]
    model = LogisticRegression(max_iter=300).fit(
        *(
            np.concatenate([row[mask != 255] for row, mask in zip(some[:160:4], labels[:160:4], strict=True)])
            for some in (windows, labels)
        )
    )
    held = np.concatenate(labels[160:])
    found, counts = model.predict(np.concatenate(windows[160:])), held != 255
    peer = jaccard_score(held[counts], found[counts], average="macro")
    names = np.array(["ground", "disc", "ring", *[""] * 253])
    return Made(peer, "photos/1[6-9]?.jpg", [names[mask].tolist() for mask in masks[160:]])


SIGNS = {"bad": ["awful", "boring", "weak", "tired"], "good": ["lovely", "gripping", "fine", "fresh"]}
PLAIN = ["the", "film", "is", "and", "its", "plot", "naïve", "😀", "שלום", "actors"]


def opinions(folder: Path) -> Made:
    """Reviews in which most of the words that say something say the opinion, in several forms of each."""
    draw, texts, kinds, held = np.random.default_rng(4), list[str](), [], parts(400)
    meant = {}
    for number, out in enumerate(held):
        kind = "good" if number % 2 else "bad"
        signs = [*SIGNS[kind] * 3, *SIGNS["good" if kind == "bad" else "bad"]]
        words = [f"{draw.choice(signs)}{draw.choice(['', 'ly', 'er', 'est'])}" for _ in range(3)]
        texts.append(" ".join(str(word) for word in draw.permutation([*words, *draw.choice(PLAIN, 8)])))
        kinds.append(kind)
        path = folder / "reviews" / ("test" if out else "train") / kind / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[-1], encoding="utf-8")
        if out:
            meant[str(path)] = kind
    counts, y = CountVectorizer().fit([text for text, out in zip(texts, held, strict=True) if not out]), np.array(kinds)
    x = counts.transform(texts)
    peer = LogisticRegression().fit(x[~held], y[~held]).score(x[held], y[held])
    return Made(peer, "reviews/test", [meant[path] for path in sorted(meant)])


def mixed(folder: Path) -> Made:
    """Numbers and names, of which a tenth is missing, and the target by a few of them, two of them together."""
    draw, rows, held = np.random.default_rng(5), 8000, parts(8000)
    table, names = draw.normal(size=(rows, 25)), draw.integers(0, 6, (rows, 15))
    score = table[:, 0] - table[:, 1] + 5 * table[:, 2] * (names[:, 0] > 2) + 0.7 * (names[:, 1] - 2.5)
    bought = np.where(score + draw.normal(0, 0.5, rows) > 0, "yes", "no")
    gone = draw.random((rows, 40)) < 0.1
    columns: Columns = {f"n_{place:02}": column.round(4).tolist() for place, column in enumerate(table.T)}
    columns |= {f"c_{place:02}": [f"kind {one}" for one in column] for place, column in enumerate(names.T)}
    columns = {
        name: ["NA" if empty else value for value, empty in zip(column, absent, strict=True)]
        for (name, column), absent in zip(columns.items(), gone.T, strict=True)
    }
    write_csv(folder / "customers.csv", split({**columns, "bought": bought.tolist()}, held))
    write_csv(folder / "new.csv", taken(columns, held))
    x = np.array([*columns.values()], object).T
    x[:, :25] = np.where(gone[:, :25], np.nan, table)
    model = make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), slice(0, 25)),
            (OneHotEncoder(handle_unknown="ignore"), slice(25, 40)),
        ),
        LogisticRegression(max_iter=1000),
    ).fit(x[~held], bought[~held])
    return Made(model.score(x[held], bought[held]), "new.csv", bought[held].tolist())


TOPICS = {
    "art": ["museum", "painter"], "food": ["soup", "cook"], "music": ["choir", "piano"], "sport": ["goal", "race"],
    "travel": ["train", "island"],
}  # fmt: skip


def tags(folder: Path) -> Made:
    """Titles with words of each of their topics, and others."""
    draw, rows, held = np.random.default_rng(6), 800, parts(800)
    truth = draw.random((rows, 5)) < 0.3
    titles, plain = [], [f"word{number}" for number in range(60)]
    for row in truth:
        words = [str(draw.choice(TOPICS[topic])) for topic, has in zip(TOPICS, row, strict=True) if has]
        titles.append(" ".join(str(word) for word in draw.permutation([*words, *draw.choice(plain, 4)])))
    names = [";".join(topic for topic, has in zip(TOPICS, row, strict=True) if has) for row in truth]
    lines = [
        {"title": title, "tags": tag, "part": "test" if out else "train"}
        for title, tag, out in zip(titles, names, held, strict=True)
    ]
    (folder / "titles.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "new.jsonl").write_text(
        "".join(json.dumps({"title": line["title"]}) + "\n" for line, out in zip(lines, held, strict=True) if out)
    )
    x = CountVectorizer().fit_transform(titles)
    model = OneVsRestClassifier(LogisticRegression()).fit(x[~held], truth[~held])
    peer = f1_score(truth[held], model.predict(x[held]), average="micro")
    return Made(peer, "new.jsonl", truth[held].tolist())


def ratings(folder: Path) -> Made:
    """Ratings by taste: the product of three numbers of the user and three of the item, and a bias for each."""
    draw, users, items = np.random.default_rng(7), 100, 60
    of_users, of_items = draw.normal(size=(users, 3)), draw.normal(size=(items, 3))
    user, item = (found.reshape(-1) for found in np.mgrid[:users, :items])
    score = (
        (of_users[user] * of_items[item]).sum(1) / 2
        + draw.normal(0, 0.3, users)[user]
        + draw.normal(0, 0.3, items)[item]
    )
    rating, held = (3 + score + draw.normal(0, 0.2, len(user))).round(2), parts(len(user))
    columns: Columns = {"user": [f"u{one}" for one in user], "item": [f"i{one}" for one in item]}
    write_csv(folder / "ratings.csv", split({**columns, "rating": rating.tolist()}, held))
    write_csv(folder / "new.csv", taken(columns, held))
    x = OneHotEncoder().fit_transform(np.stack([user, item], 1))
    model = Ridge().fit(x[~held], rating[~held])
    return Made(mean_absolute_error(rating[held], model.predict(x[held])), "new.csv", rating[held].tolist())


MAKERS: Mapping[str, Callable[[Path], Made]] = {
    maker.__name__: maker
    for maker in (
        iris,
        wine,
        cancer,
        diabetes,
        digits_table,
        digits_images,
        segmentation,
        opinions,
        mixed,
        tags,
        ratings,
    )
}
"""By the name of the spec in the page."""

"""Films with their genres in an object of JSON, from a table as it is published to predictions by name."""

import json
from pathlib import Path

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model:
  inputs: {plot: {shape: [6], dtype: int32}}
  layers:
    - embedding: {input_dim: "${vocabulary(plot)}", output_dim: 4}
    - global_avg_pool1d
    - {dense: {units: "${classes(genres)}", activation: sigmoid}, name: genres}
data:
  source: {csv: {train: films.tsv, delimiter: "\\t", column_names: [id, plot, genres]}}
  inputs: {plot: {text: {column: plot, length: 6, vocabulary: 12}}}
  targets: {genres: {multi_label: {column: genres, classes: [Drama, Comedy], in_json: values, unknown: ignore}}}
  on_bad_row: skip
train: {loss: binary_cross_entropy, optimizer: adam, epochs: 1}
"""


def test_genres_in_an_object_are_the_labels_of_a_film(tmp_path: Path) -> None:
    genres = [{"/m/07s9rl0": "Drama"}, {"/m/05p553": "Comedy", "/m/02hmvc": "Short \N{GREEK SMALL LETTER PI}"}, {}]
    lines = [
        f"{row}\tShe {('weeps', 'laughs', 'walks')[row % 3]} .\t{json.dumps(genres[row % 3])}" for row in range(30)
    ]
    (tmp_path / "films.tsv").write_text("\n".join([*lines, '30\tShe .\t{"/m/07s9rl0": "Dra']) + "\n")
    (tmp_path / "spec.yaml").write_text(SPEC)
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    (skipped,) = (tmp_path / "run" / "skipped_rows.jsonl").read_text().splitlines()
    assert json.loads(skipped)["line"] == 31 and "no JSON" in json.loads(skipped)["reason"]
    (tmp_path / "new.jsonl").write_text('{"plot": "She laughs ."}\n')
    found = modelc("predict", "run", "new.jsonl", "--output", "-", cwd=tmp_path)
    assert found.code == 0 and {"genres/probability/Drama", "genres/probability/Comedy"} <= {*json.loads(found.out)}, (
        found.out
    )

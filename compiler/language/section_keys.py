"""Which keys the sections have."""

from collections.abc import Collection, Mapping

from modelc.compiler.language.ast import Settings

MODEL = ("inputs", "layers", "nodes", "outputs", "precision")
DATA = ("source", "inputs", "targets", "sample_weight", "validation", "test", "seed")
TRAIN = ("loss", "losses", "metrics", "optimizer", *Settings.model_fields)
TOP = ("modelc", "name", "description", "extends", "vars", "blocks", "model", "data", "train")
SECTIONS: Mapping[str, Collection[str]] = {"model": MODEL, "data": DATA, "train": TRAIN}

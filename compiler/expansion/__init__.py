"""Expands a document: includes files, evaluates variables and expands blocks, with the origin of each part."""

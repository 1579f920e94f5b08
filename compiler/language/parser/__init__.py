"""Parses a document to a `Spec`, section by section."""

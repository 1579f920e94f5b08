"""The text reader behind `modelc.compiler.syntax.document`: parser events to nodes with places, and what is said of bad syntax."""

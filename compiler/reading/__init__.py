"""The text reader behind `modelc.compiler.document`: parser events to nodes with places, and what is said of bad syntax."""

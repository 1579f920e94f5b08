"""Layers that most models have, and arithmetic on single values."""

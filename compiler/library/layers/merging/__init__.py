"""Layers that make one value of several."""

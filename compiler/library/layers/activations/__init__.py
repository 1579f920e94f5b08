"""Activations, as layers and as arguments of layers."""

"""Layers that only have an effect in training: dropout, noise, activity penalties."""

"""Layers that only act in training: dropout, noise, penalties on activities."""

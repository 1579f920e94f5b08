"""Attention layers, and the layers that tell them positions."""

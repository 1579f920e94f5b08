"""Attention layers, and layers that encode positions."""

"""Layers that move, cut, pad and repeat values and compute nothing with them."""

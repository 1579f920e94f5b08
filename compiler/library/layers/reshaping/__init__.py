"""Layers that move, crop, pad and repeat values without computing with them."""

"""Recurrent layers and the layers that wrap them."""

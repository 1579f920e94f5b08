"""Layers that normalize values by statistics of the batch, the features or the weights."""

"""Declarative neural networks: specs as data, compiled to pure JAX functions."""

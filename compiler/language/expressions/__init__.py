"""Expressions, `${...}`: what they compute, and what is left of one that asks for a shape."""

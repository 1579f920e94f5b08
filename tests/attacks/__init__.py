"""Hostile inputs: each ends in a coded problem, in under a second, without a traceback."""

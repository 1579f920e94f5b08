"""Run directories: weights, records and the environment, written so that a crash never corrupts them."""

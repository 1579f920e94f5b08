"""Runs checked tasks: data sets, jitted steps, training, evaluation, prediction and run directories."""

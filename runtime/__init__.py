"""Runs what the compiler describes: jitted steps, training, evaluation, prediction and run directories."""

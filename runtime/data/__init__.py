"""Rows for the trainer: read, split, checked, and put into the order of each epoch."""

"""Data sets: reads, splits and checks rows, and puts them into the order of each epoch."""

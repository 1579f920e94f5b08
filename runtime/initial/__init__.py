"""Initial weights of a run or a file: what is taken, whether it fits, and what is said of it."""

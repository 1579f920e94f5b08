"""Passes over a task: each is one pure function in its own file that preserves the meaning of the task."""

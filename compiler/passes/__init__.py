"""Passes: each maps a task to a new task with the same meaning."""

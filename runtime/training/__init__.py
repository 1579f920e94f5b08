"""The training loop, the compiled step that it runs, and how steps are executed."""

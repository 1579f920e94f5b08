"""Passes over a task: each is one pure function in one file that keeps the meaning and changes the form."""

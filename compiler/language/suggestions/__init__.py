"""Suggestions for typos and for names and forms of other frameworks."""

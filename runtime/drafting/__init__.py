"""Drafts a first spec from data: what each column is, by all rows, and a network that trains well on it as it is."""

"""Rows that were made of the files of a spec once, kept in the cache, and found again by what they were made of."""

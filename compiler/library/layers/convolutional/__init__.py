"""Convolutions along one, two and three axes."""

"""The base of all named items: the registry, field types, tensor types, random keys. Knows no specific kind."""

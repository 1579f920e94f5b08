"""The spec language: syntax tree, grammar, parser, suggestions, JSON Schema."""

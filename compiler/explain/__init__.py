"""Reference entries of the language, summaries and diagrams of a model."""

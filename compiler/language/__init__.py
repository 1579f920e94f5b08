"""From documents to specs: the keys of the language, and what is said when they are wrong."""

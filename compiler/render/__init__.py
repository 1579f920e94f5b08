"""Problems as text, one-liners, JSON, GitHub annotations and SARIF."""

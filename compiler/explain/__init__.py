"""What is said about the language and about a model: reference entries, summaries, diagrams."""

"""Basic layers, and elementwise arithmetic."""

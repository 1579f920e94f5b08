"""Binds losses, metrics, targets and data columns to the graph: from `TypedGraph` to `Task`."""

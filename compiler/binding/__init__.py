"""What the losses, metrics, targets and data of a spec mean for its graph: from `PlannedGraph` to `Task`."""

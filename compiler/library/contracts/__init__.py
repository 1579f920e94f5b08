"""The contract of each kind of named thing: what a layer, a loss, a metric or a source must have."""

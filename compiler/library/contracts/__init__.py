"""The contracts of all kinds: what a layer, loss, metric, source, ... must have."""

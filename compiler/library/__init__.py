"""The named items of specs, and their contracts: layers, losses, metrics, optimizers, readers, sources."""

"""What a spec can name, one class in one place: layers, losses, metrics, optimizers, readers, sources, over their contracts."""

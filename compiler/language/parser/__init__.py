"""Document to `Spec`, section by section."""

"""What every named thing is made of: the registry, types of fields, tensor types, random keys. Knows no kind of thing."""

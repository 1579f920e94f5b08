"""The graph of a model: built from a spec, names resolved, types inferred for every edge."""

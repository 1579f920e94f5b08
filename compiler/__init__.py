"""The compiler: from the text of a spec to a checked task and pure functions."""

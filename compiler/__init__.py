"""From the text of a spec to pure functions: documents, schemas, graphs, layers and their lowering."""

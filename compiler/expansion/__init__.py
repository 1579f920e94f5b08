"""Variables and blocks: from a document as written to one that says everything itself, with the origin of each part."""

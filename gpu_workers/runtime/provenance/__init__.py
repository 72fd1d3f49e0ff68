"""Mark outputs as made by a model: XMP and C2PA."""

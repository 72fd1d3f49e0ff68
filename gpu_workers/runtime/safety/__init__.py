"""Check references, previews and outputs."""

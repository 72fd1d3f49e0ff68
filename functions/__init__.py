"""The endpoints: one folder each, each a door of its own."""

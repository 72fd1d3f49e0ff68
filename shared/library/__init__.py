"""Workspace assets: save them to the library and discard them."""

"""Workspace and library."""

"""Prompts, said more fully."""

"""Prompt enhancement, by a language model or by rules."""

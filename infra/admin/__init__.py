"""Operator CLI: ``python -m infra.admin``."""

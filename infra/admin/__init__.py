"""The operator's commands: ``python -m infra.admin``."""

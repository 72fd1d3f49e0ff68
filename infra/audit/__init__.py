"""Audits: known vulnerabilities of the locked packages, and secrets in the repository."""

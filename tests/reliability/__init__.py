"""Reliability proofs of a job's six promises, on a running system: ``make reliability``.

These are not tests: each module proves one promise, or holds what the proofs share. A short run of
all of them is a test, ``tests/acceptance/test_reliability.py``.
"""

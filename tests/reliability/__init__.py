"""The six promises of the job's life, proved on a running system: ``make prove``.

Not tests: each module proves one promise, or holds what the proofs share. A short run of them all
is a test, ``tests/acceptance/test_prove.py``.
"""

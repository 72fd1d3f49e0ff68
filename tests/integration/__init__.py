"""Tests of one function or component at a time, on the real stack."""

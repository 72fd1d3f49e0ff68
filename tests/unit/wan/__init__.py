"""Tests of the WAN worker, over tiny random models that are built here."""

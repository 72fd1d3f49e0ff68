"""Helpers that tests of several folders use: the local system, clients and fake servers."""

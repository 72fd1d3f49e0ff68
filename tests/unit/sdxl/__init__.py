"""Tests of the SDXL pipeline over tiny random models."""

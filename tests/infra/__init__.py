"""Tests of what would be deployed, without a cloud."""

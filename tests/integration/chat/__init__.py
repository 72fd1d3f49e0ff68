"""Tests of the chat worker's real process."""

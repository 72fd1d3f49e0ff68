"""The callback that workers report to."""

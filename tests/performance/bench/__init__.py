"""The control plane's benchmark: its rows, their baselines, and the report."""

"""GPU workers. They import only `shared.contracts` and `shared.telemetry` of the shared code."""

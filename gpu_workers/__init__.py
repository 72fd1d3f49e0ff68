"""The GPU workers. They import `shared.contracts` and nothing else of the functions."""

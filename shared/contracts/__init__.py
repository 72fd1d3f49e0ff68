"""Wire formats shared by functions and workers.

Workers ship this package and ``telemetry`` only, so it needs pydantic and the standard library.
"""

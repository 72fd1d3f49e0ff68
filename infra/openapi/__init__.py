"""docs/openapi.json, made from the map and the handlers' own types: ``python -m infra.openapi``."""

"""Generate docs/openapi.json from the manifest and the handlers: ``python -m infra.openapi``."""

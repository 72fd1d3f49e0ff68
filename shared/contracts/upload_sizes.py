"""Size limits of the objects that a worker uploads besides its assets.

The limit of an asset is in ``job_catalog``, by job type.
"""

MAX_THUMBNAIL_BYTES = 256 * 1024
"""256 by 256 pixels take 192 KiB without any compression; the rest is for metadata."""

MAX_PREVIEW_BYTES = 64 * 1024
"""128 by 128 pixels take 48 KiB without any compression."""

MAX_MANIFEST_BYTES = 1024 * 1024
"""Fits a callback with six assets, each with ``postgres.MAX_JSON_BYTES`` of settings, encoded as a
JSON string, in which each quotation mark takes two bytes."""

"""How large the objects may be that a worker uploads, besides its assets.

The catalogue has the limit of an asset, by the type of job.
"""

MAX_THUMBNAIL_BYTES = 256 * 1024
"""256 by 256 pixels take 192 KiB without any compression; the rest is for metadata."""

MAX_PREVIEW_BYTES = 64 * 1024
"""128 by 128 pixels take 48 KiB without any compression."""

MAX_MANIFEST_BYTES = 1024 * 1024
"""A callback of six assets, each with ``postgres.MAX_JSON_BYTES`` of settings, written as a JSON
string, in which each quotation mark takes two bytes."""

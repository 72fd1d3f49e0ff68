"""Cloud Storage: client, paths, signed URLs, images."""

"""Cloud Storage: client, object paths, signed URLs and image decoding."""

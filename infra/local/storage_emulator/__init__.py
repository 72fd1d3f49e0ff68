"""Cloud Storage emulator: the JSON API, signed URLs, and data that survives a restart.

The JSON API accepts any or no Authorization header: the emulator binds to the loopback address
only, so every caller has access to the machine anyway. Signed URLs, which the system gives to
browsers and workers, are verified as in Cloud Storage.
"""

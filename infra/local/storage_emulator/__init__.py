"""Cloud Storage on one machine: the JSON API, signed URLs, and data that outlives the process.

The JSON API takes any or no Authorization: the emulator binds to the loopback address alone, and
whoever reaches it there owns the machine. Signed URLs are another matter: they are what the
system hands to browsers and workers, so their signatures are verified as Cloud Storage does.
"""

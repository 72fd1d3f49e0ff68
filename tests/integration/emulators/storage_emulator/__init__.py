"""The Cloud Storage emulator, driven by the real client and, for signed URLs, by plain HTTP."""

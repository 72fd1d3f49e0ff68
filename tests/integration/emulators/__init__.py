"""The emulators of Cloud Storage and Cloud Tasks."""

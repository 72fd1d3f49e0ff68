"""The Cloud Tasks emulator, through the real clients and a real target."""

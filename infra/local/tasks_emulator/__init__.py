"""Cloud Tasks emulator: the v2 gRPC API over SQLite, with HTTP push."""

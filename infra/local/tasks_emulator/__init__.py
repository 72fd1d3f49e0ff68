"""Cloud Tasks on one machine: the v2 gRPC calls over SQLite, pushing over HTTP."""

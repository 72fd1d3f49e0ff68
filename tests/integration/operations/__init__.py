"""What operators use: the database, commands, logs and traces."""

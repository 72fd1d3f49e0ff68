"""What an operator uses: the database, commands, logs and traces."""

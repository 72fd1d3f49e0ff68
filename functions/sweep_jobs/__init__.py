"""What time does to jobs."""

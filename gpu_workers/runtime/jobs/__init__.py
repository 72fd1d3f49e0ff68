"""Run jobs: slots, claims, progress, upload and report."""

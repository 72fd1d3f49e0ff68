"""Run jobs: slots, claims, progress, uploads and callbacks."""

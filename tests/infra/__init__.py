"""What would be deployed, looked at without a cloud."""

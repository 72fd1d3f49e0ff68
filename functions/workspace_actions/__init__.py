"""workspace-actions endpoint."""

"""The user's specification, endpoint by endpoint."""

"""What a user does with what was made."""

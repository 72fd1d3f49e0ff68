"""Chat: the chat worker's real process and the functions that call it."""

"""How the demo models were made. No worker imports it."""

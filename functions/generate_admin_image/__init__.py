"""Pictures for admins, waited for."""

"""Who calls: authenticators and the tokens they verify."""

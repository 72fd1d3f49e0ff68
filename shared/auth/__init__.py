"""Authentication: authenticators of the endpoints and the tokens they verify."""

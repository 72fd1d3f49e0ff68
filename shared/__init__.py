"""What the functions share: contracts, queries, and the clients of the cloud around them."""

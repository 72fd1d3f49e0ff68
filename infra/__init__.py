"""The ground the product stands on: the map, the database, the cloud, and one machine."""

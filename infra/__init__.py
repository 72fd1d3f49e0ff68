"""Infrastructure: manifest, database, cloud deployment and local system."""

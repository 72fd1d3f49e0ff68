"""The REST endpoint, tested on tables that these tests create and drop."""

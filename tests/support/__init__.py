"""What tests of several folders use: the local system, clients and stand-ins."""

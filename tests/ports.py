"""Ports for servers that tests start."""

import random
import socket

_RANGE = range(20_000, 32_768)
"""Below the ports that an operating system gives to outgoing connections by itself: from 32768 on
Linux, from 49152 on macOS."""

_reservations: list[socket.socket] = []


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 on which nothing listens.

    Until this process ends, no other call in any process returns the same port, and no outgoing
    connection takes it. A UDP socket of the same number marks it as reserved.
    """
    chance = random.SystemRandom()  # tests seed the module's own generator
    while True:
        port = chance.choice(_RANGE)
        reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            reservation.bind(("127.0.0.1", port))
            with socket.socket() as trial:
                trial.bind(("127.0.0.1", port))
        except OSError:
            reservation.close()
        else:
            _reservations.append(reservation)
            return port

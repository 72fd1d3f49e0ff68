"""Chat worker entry point: ``python -m gpu_workers.chat.main``."""

from gpu_workers.chat.process import serve


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    serve()


if __name__ == "__main__":
    main()

"""``python -m gpu_workers.chat.main``: the chat worker."""

from gpu_workers.chat.process import serve


def main() -> None:
    """Serve until told to end."""
    serve()


if __name__ == "__main__":
    main()

"""No-op worker entry point: ``python -m gpu_workers.noop.main``."""

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime.server.main import serve


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    noop = NoopPipeline()
    serve({"sdxl": noop, "wan": noop})


if __name__ == "__main__":
    main()

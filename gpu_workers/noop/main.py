"""``python -m gpu_workers.noop.main``: the jobs of every type, answered at once."""

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime.server.main import serve


def main() -> None:
    """Serve until told to end."""
    noop = NoopPipeline()
    serve({"sdxl": noop, "wan": noop})


if __name__ == "__main__":
    main()

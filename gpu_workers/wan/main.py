"""WAN worker entry point: ``python -m gpu_workers.wan.main``."""

from gpu_workers.runtime.server.main import serve
from gpu_workers.wan.pipeline import WanPipeline


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    serve({"wan": WanPipeline()})


if __name__ == "__main__":
    main()

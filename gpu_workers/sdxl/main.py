"""SDXL worker entry point: ``python -m gpu_workers.sdxl.main``."""

from gpu_workers.runtime.server.main import serve
from gpu_workers.sdxl.pipeline import SdxlPipeline


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    serve({"sdxl": SdxlPipeline()})


if __name__ == "__main__":
    main()

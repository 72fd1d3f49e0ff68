"""``python -m gpu_workers.sdxl.main``: the SDXL worker."""

from gpu_workers.runtime.server.main import serve
from gpu_workers.sdxl.pipeline import SdxlPipeline


def main() -> None:
    """Serve until told to end."""
    serve({"sdxl": SdxlPipeline()})


if __name__ == "__main__":
    main()

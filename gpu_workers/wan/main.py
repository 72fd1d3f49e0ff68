"""``python -m gpu_workers.wan.main``: the WAN worker."""

from gpu_workers.runtime.server.main import serve
from gpu_workers.wan.pipeline import WanPipeline


def main() -> None:
    """Serve until told to end."""
    serve({"wan": WanPipeline()})


if __name__ == "__main__":
    main()

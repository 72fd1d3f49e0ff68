"""``python -m gpu_workers.demo.main``: every model in one process, with one inference thread.

Two torch processes on the few cores of a laptop run each other down; here the models take turns.
"""

from gpu_workers.runtime.process import serve
from gpu_workers.sdxl.pipeline import SdxlPipeline
from gpu_workers.wan.pipeline import WanPipeline


def main() -> None:
    """Serve until told to end."""
    serve({"sdxl": SdxlPipeline(), "wan": WanPipeline()})


if __name__ == "__main__":
    main()

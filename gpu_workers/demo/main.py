"""Demo worker entry point: ``python -m gpu_workers.demo.main``.

All pipelines run in one process with one inference thread: two torch processes on the few cores of
a laptop slow each other down.
"""

from pathlib import Path

from gpu_workers.runtime.server.main import serve
from gpu_workers.sdxl.pipeline import SdxlPipeline
from gpu_workers.wan.pipeline import WanPipeline

_MODELS = Path(__file__).parent / "models"
_WAN = _MODELS / "demo-wan"


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    film = WanPipeline(_WAN if (_WAN / "model_index.json").is_file() else None)
    serve({"sdxl": SdxlPipeline(_MODELS / "demo-sdxl"), "wan": film})


if __name__ == "__main__":
    main()

"""GPU benchmark CLI: ``python -m gpu_workers.benchmarks`` prints a table and writes JSON files."""

import sys

from gpu_workers.benchmarks.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

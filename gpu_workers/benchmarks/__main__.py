"""``python -m gpu_workers.benchmarks``: the rows, one table, and a file of JSON for each."""

import sys

from gpu_workers.benchmarks.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

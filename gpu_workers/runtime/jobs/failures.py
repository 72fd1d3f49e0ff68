"""Error messages for jobs that ended with an unexpected exception."""

import errno

from gpu_workers.runtime.pipeline import RetryableError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def to_retryable_error(error: Exception) -> RetryableError:
    """Return the error to report: retryable, because another worker may succeed."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return RetryableError("disk_full", "The worker has no room left on its disk.")
    if isinstance(error, MemoryError):
        return RetryableError("out_of_memory", "The worker ran out of memory on this job.")
    return RetryableError("worker_error", "The worker failed while it ran this job.")

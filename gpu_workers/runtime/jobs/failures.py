"""What a person is told where a job ended by an error that nobody meant to raise."""

import errno

from gpu_workers.runtime.pipeline import RetryableError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def to_retryable_error(error: Exception) -> RetryableError:
    """The error as it is reported: retryable, since another worker may fare better."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return RetryableError("disk_full", "The worker has no room left on its disk.")
    if isinstance(error, MemoryError):
        return RetryableError("out_of_memory", "The worker ran out of memory on this job.")
    return RetryableError("worker_error", "The worker failed while it ran this job.")

"""gRPC errors, with the codes and messages recorded from the service."""

from __future__ import annotations

import grpc

QUEUE_MISSING = (
    "Queue does not exist. If you just created the queue, "
    "wait at least a minute for the queue to initialize."
)
QUEUE_DELETED = "The queue cannot be created because a queue with this name existed too recently."
ENTITY_MISSING = "Requested entity was not found."
TASK_ENDED = (
    "The task no longer exists, though a task with this name existed recently. "
    "The task either successfully completed or was deleted."
)
TASK_ENDED_LATELY = (
    "The task cannot be created because a task with this name existed too recently. "
    "See task de-duplication in the reference of CreateTask."
)


class RefusalError(Exception):
    """An error response: its gRPC code and its message."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> RefusalError:
    """Return an INVALID_ARGUMENT error."""
    return RefusalError(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> RefusalError:
    """Return a NOT_FOUND error."""
    return RefusalError(grpc.StatusCode.NOT_FOUND, message)


def already_exists(message: str) -> RefusalError:
    """Return an ALREADY_EXISTS error."""
    return RefusalError(grpc.StatusCode.ALREADY_EXISTS, message)


def failed_precondition(message: str) -> RefusalError:
    """Return a FAILED_PRECONDITION error."""
    return RefusalError(grpc.StatusCode.FAILED_PRECONDITION, message)

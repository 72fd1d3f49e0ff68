"""Validation of resource names, page sizes and page tokens."""

from __future__ import annotations

import re

from infra.local.tasks_emulator.errors import invalid

_LOCATION = re.compile(r"projects/[A-Za-z0-9:.-]+/locations/[A-Za-z0-9-]+")
_QUEUE = re.compile(_LOCATION.pattern + r"/queues/[A-Za-z0-9-]{1,100}")
_TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,500}")

LARGEST_QUEUE_PAGE = 9800
LARGEST_TASK_PAGE = 1000


def page_size(requested: int, *, largest: int) -> int:
    """Return the size of a page; a requested size of 0 means the largest.

    Raises:
        RefusalError: the requested size is negative.
    """
    if requested < 0:
        raise invalid("Page size must not be negative.")
    return min(requested or largest, largest)


def task_page_start(token: str) -> int:
    """Return the id of the last task before a page, from the page's token.

    Raises:
        RefusalError: the token is invalid.
    """
    if token and not token.isdecimal():
        raise invalid("Invalid page token.")
    return int(token or 0)


def check_location(parent: str) -> None:
    """Raise RefusalError unless `parent` is the name of a location."""
    if not _LOCATION.fullmatch(parent):
        raise invalid('Parent must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>".')


def check_queue_name(name: str) -> None:
    """Raise RefusalError unless `name` is the name of a queue."""
    if not _QUEUE.fullmatch(name):
        raise invalid(
            "Queue name must be formatted: "
            '"projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>".'
        )


def queue_of(task_name: str) -> str:
    """Return the name of the queue in a task's name.

    Raises:
        RefusalError: it is not the name of a task.
    """
    queue, separator, task_id = task_name.partition("/tasks/")
    if not separator:
        raise invalid(f'Task name "{task_name}" is not formatted as a task of a queue.')
    check_queue_name(queue)
    if not _TASK_ID.fullmatch(task_id):
        raise invalid(
            f'Task ID "{task_id}" can contain only letters ([A-Za-z]), numbers ([0-9]), '
            "hyphens (-), or underscores (_). Task ID must between 1 and 500 characters."
        )
    return queue

"""Queue settings: the service's defaults and limits, and updates by mask."""

from __future__ import annotations

import math
from datetime import timedelta

from google.cloud.tasks_v2 import Queue, RetryConfig, UpdateQueueRequest

from infra.local.tasks_emulator.errors import invalid
from infra.local.tasks_emulator.resource_names import check_queue_name

SETTINGS = ("rate_limits", "retry_config", "http_target")
UNSUPPORTED = ("app_engine_routing_override", "stackdriver_logging_config")
RUNNING = Queue.State(Queue.State.RUNNING)
PAUSED = Queue.State(Queue.State.PAUSED)

MAX_DISPATCHES_PER_SECOND = 500
MAX_CONCURRENT_DISPATCHES = 5000
DEFAULT_CONCURRENT_DISPATCHES = 1000


def completed_queue(queue: Queue) -> Queue:
    """Set each unset setting of a queue to the service's default, in place; return the queue.

    Raises:
        RefusalError: a setting is outside its limits.
    """
    check_queue_name(queue.name)
    limits = queue.rate_limits
    limits.max_dispatches_per_second = limits.max_dispatches_per_second or MAX_DISPATCHES_PER_SECOND
    limits.max_concurrent_dispatches = (
        limits.max_concurrent_dispatches or DEFAULT_CONCURRENT_DISPATCHES
    )
    if not 0 < limits.max_dispatches_per_second <= MAX_DISPATCHES_PER_SECOND:
        raise invalid("RateLimits.max_dispatches_per_second must be greater than 0, at most 500.")
    if not 0 < limits.max_concurrent_dispatches <= MAX_CONCURRENT_DISPATCHES:
        raise invalid("RateLimits.max_concurrent_dispatches must be between 1 and 5000.")
    # The service sets the burst size itself: it reports 100 at 500 dispatches per second.
    limits.max_burst_size = math.ceil(limits.max_dispatches_per_second / 5)
    complete_retry_config(queue.retry_config)
    queue.state = queue.state or RUNNING
    return queue


def complete_retry_config(retry: RetryConfig) -> None:
    """Set the unset settings of a retry configuration to the defaults, in place.

    Raises:
        RefusalError: a setting is outside its limits.
    """
    retry.max_attempts = retry.max_attempts or 100
    retry.max_doublings = retry.max_doublings or 16
    if "min_backoff" not in retry:
        retry.min_backoff = timedelta(seconds=0.1)
    if "max_backoff" not in retry:
        retry.max_backoff = timedelta(hours=1)
    if retry.max_attempts < -1:
        raise invalid("RetryConfig.max_attempts must be -1 or greater.")
    if not timedelta() <= retry.min_backoff <= retry.max_backoff:
        raise invalid("RetryConfig.min_backoff must be between 0 and max_backoff.")
    if retry.max_doublings < 0 or retry.max_retry_duration < timedelta():
        raise invalid("RetryConfig.max_doublings and max_retry_duration must not be negative.")


def updated_queue(current: Queue, request: UpdateQueueRequest) -> Queue:
    """Return a copy of a queue with the settings in an update's mask; without a mask, with all.

    Output-only fields in the mask are ignored, as the service does.

    Raises:
        RefusalError: the mask or a setting is invalid, or not emulated.
    """
    change = Queue.pb(request.queue)
    mask = request.update_mask
    if not mask.IsValidForDescriptor(change.DESCRIPTOR):
        raise invalid(f"Invalid update mask: {', '.join(mask.paths)}.")
    for name in UNSUPPORTED:
        if name in request.queue:
            raise invalid(f"Queue.{name} is not emulated.")
    paths = [path for path in mask.paths or SETTINGS if path.split(".")[0] in SETTINGS]
    updated = Queue.deserialize(Queue.serialize(current))
    UpdateQueueRequest(update_mask={"paths": paths}).update_mask.MergeMessage(
        change, Queue.pb(updated), replace_message_field=True, replace_repeated_field=True
    )
    return completed_queue(updated)

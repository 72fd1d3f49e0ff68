"""Task defaults and limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from google.cloud.tasks_v2 import HttpMethod, Task

from infra.local.tasks_emulator.errors import invalid
from infra.local.tasks_emulator.queue_validation import complete_retry_config

if TYPE_CHECKING:
    from datetime import datetime

    from google.cloud.tasks_v2 import HttpRequest, HttpTarget

LARGEST_TASK_BYTES = 100 * 1024
LONGEST_URL = 2083
LONGEST_DEADLINE = timedelta(minutes=30)
DEFAULT_DEADLINE = timedelta(minutes=10)
FURTHEST_SCHEDULE = timedelta(days=30)
METHODS_WITH_BODY = (HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH)


@dataclass(frozen=True, slots=True)
class Policy:
    """The command line's limits on tasks.

    Attributes:
        min_deadline: The shortest dispatch deadline; the service's is 15 s.
        can_sign: Whether there is a key to sign OIDC tokens with.
    """

    min_deadline: timedelta
    can_sign: bool

    def check_authorization(self, target: HttpRequest | HttpTarget) -> None:
        """Raise RefusalError for an Authorization header that the emulator cannot create."""
        if "oauth_token" in target:
            raise invalid("oauth_token is not emulated; use oidc_token.")
        if "oidc_token" in target:
            if not target.oidc_token.service_account_email:
                raise invalid("OidcToken.service_account_email is required.")
            if not self.can_sign:
                raise invalid("oidc_token needs the emulator's option --oidc-key.")


def complete_task(task: Task, policy: Policy, *, now: datetime) -> None:
    """Set a new task's defaults in place.

    Raises:
        RefusalError: the task is outside the limits, or not emulated.
    """
    if "http_request" not in task:
        raise invalid("Task.http_request is required: App Engine targets are not emulated.")
    _complete_request(task.http_request)
    policy.check_authorization(task.http_request)
    task.dispatch_deadline = task.dispatch_deadline or DEFAULT_DEADLINE
    if not policy.min_deadline <= task.dispatch_deadline <= LONGEST_DEADLINE:
        minimum = f"{policy.min_deadline.total_seconds():g}s"
        raise invalid(f"Task.dispatch_deadline must be between [{minimum}, 30m].")
    task.create_time = now
    task.schedule_time = max(task.schedule_time or now, now)
    if task.schedule_time > now + FURTHEST_SCHEDULE:
        raise invalid("Task.schedule_time must be at most 30 days in the future.")
    if "retry_config" in task:
        complete_retry_config(task.retry_config)
    if len(Task.serialize(task)) > LARGEST_TASK_BYTES:
        raise invalid("Task size too large: the maximum is 100KB.")


def _complete_request(request: HttpRequest) -> None:
    if not request.url:
        raise invalid("HttpRequest.url is required.")
    if not request.url.startswith(("http://", "https://")):
        raise invalid("HttpTarget.url must start with 'http://' or 'https://'.")
    if len(request.url) > LONGEST_URL:
        raise invalid("HttpRequest.url must be at most 2083 characters.")
    request.http_method = HttpMethod(request.http_method or HttpMethod.POST)
    if request.body and request.http_method not in METHODS_WITH_BODY:
        raise invalid("HttpRequest.body is allowed only with POST, PUT and PATCH.")

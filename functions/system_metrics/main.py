"""POST /system-metrics: workers, queues and estimated waiting times, for admins."""

from functions.system_metrics import report
from shared.auth.authenticators import User, require_admin
from shared.contracts.job_catalog import JOB_TYPES, WORKER_TYPES
from shared.contracts.metrics import SystemMetrics
from shared.db.queries import metrics
from shared.http import HttpRequest, endpoint
from shared.services import Services


async def system_metrics(_: HttpRequest, __: User, services: Services) -> SystemMetrics:
    """Return the health of the workers, the depth of the queues and the estimated waiting times.

    Everything is read from the database in one query; no worker is contacted.
    """
    async with services.database.transaction() as connection:
        snapshot = await metrics.read(
            connection,
            queues=list(WORKER_TYPES),
            job_types=list(JOB_TYPES),
            key_ids=list(services.settings.worker_keys),
        )
    return report.build_report(snapshot)


main = endpoint(system_metrics, authenticate=require_admin)

"""POST /system-metrics: the workers' health, the queues' depths, and how long one waits."""

from functions.system_metrics import report
from shared.auth.authenticators import User, admin_token
from shared.contracts.job_catalog import CATALOGUE, WORKER_TYPES
from shared.contracts.metrics import SystemMetrics
from shared.db.queries import metrics
from shared.http import Call, endpoint
from shared.services import Services


async def system_metrics(_: Call, __: User, services: Services) -> SystemMetrics:
    """One look at the database tells all of it; no worker is asked."""
    async with services.database.transaction() as connection:
        snapshot = await metrics.read(
            connection,
            queues=list(WORKER_TYPES),
            job_types=list(CATALOGUE),
            key_ids=list(services.settings.worker_keys),
        )
    return report.tell(snapshot)


main = endpoint(system_metrics, caller=admin_token)

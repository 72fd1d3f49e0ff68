"""Exemptions from the output check count only in the local system, for any signed callback."""

from types import SimpleNamespace
from typing import Any

import pytest

from shared.contracts.worker_protocol import OutputCheck
from shared.errors import InvalidRequestError
from shared.safety.output_check import require_output_check

EXEMPT = OutputCheck(kind="exempt", name="exempt")
CHECKER = OutputCheck(kind="checker", name="any")
PARAMS = {"prompt": "a hill", "steps": 1, "guidance_scale": 1, "seed": 1}
JOB: Any = SimpleNamespace(parameters=PARAMS)
CLOUD: Any = SimpleNamespace(local_system=False, output_classifier=None)
LOCAL: Any = SimpleNamespace(local_system=True, output_classifier=None)


def test_an_exemption_counts_in_the_local_system_alone() -> None:
    require_output_check(JOB, EXEMPT, LOCAL)
    require_output_check(JOB, CHECKER, CLOUD)
    with pytest.raises(InvalidRequestError, match="only the local system"):
        require_output_check(JOB, EXEMPT, CLOUD)


@pytest.mark.parametrize("settings", [CLOUD, LOCAL])
def test_a_callback_without_a_known_worker_completes_nothing(settings: Any) -> None:  # noqa: ANN401 - a stand-in
    with pytest.raises(InvalidRequestError) as refused:
        require_output_check(JOB, None, settings)
    assert refused.value.error_code == "unchecked"

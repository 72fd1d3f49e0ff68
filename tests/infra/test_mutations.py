"""The configuration's tests find faults: two here, all of them in `make infra-mutations`."""

from pathlib import Path

import pytest

from tests.infra.mutations import is_found
from tests.infra.mutations_data import FAULTS, Fault
from tests.infra.terraform import Terraform
from tests.support.local_system import ROOT

SOME = [fault for fault in FAULTS if fault.found_by in {"storage", "invariants"}][1:3]


@pytest.mark.parametrize("fault", SOME, ids=lambda one: one.name)
def test_a_fault_is_found(fault: Fault, configuration: Terraform, tmp_path: Path) -> None:
    assert is_found(fault, configuration, tmp_path / "faulty")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.name)
def test_what_a_fault_changes_is_there(fault: Fault) -> None:
    assert fault.right in (ROOT / fault.file).read_text()


def test_there_are_a_dozen() -> None:
    assert len({fault.name for fault in FAULTS}) >= 12

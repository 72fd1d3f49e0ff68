"""``python -m tests.infra.mutations``: inject each fault, and check whether the tests find it."""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from infra import manifest as the_map
from tests.infra import terraform
from tests.infra.invariants import broken
from tests.infra.mutations_data import FAULTS, Fault
from tests.infra.terraform import Terraform


def is_found(fault: Fault, sound: Terraform, folder: Path) -> bool:
    """Inject the fault into a copy, and run the test that must find it.

    Raises:
        LookupError: The text that the fault changes is missing, or terraform rejects the change.
    """
    shutil.copytree(sound.folder, folder)
    faulty = Terraform(sound.program, folder)
    path = folder / fault.file
    text = path.read_text()
    if fault.right not in text:
        raise LookupError(f"{fault.file} does not hold {fault.right!r}")
    path.write_text(text.replace(fault.right, fault.wrong))
    if fault.found_by == "invariants":
        return bool(broken(faulty.plan("production"), the_map.read()))
    valid = faulty.run("validate", "-no-color")
    # A fault that terraform itself rejects proves nothing about the tests.
    if valid.returncode:
        raise LookupError(f"{fault.name}: {valid.stderr[:500]}")
    return not faulty.test(fault.found_by)


def main() -> int:
    """Report whether each fault was found; return 1 where one was not, or the sound copy fails."""
    program = terraform.program()
    if program is None:
        print("not run: TERRAFORM names no terraform here")  # noqa: T201 - a command
        return 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        sound = terraform.copy(program, Path(place, "sound"))
        done = sound.init()
        if done.returncode or not sound.test() or broken(sound.plan("production"), the_map.read()):
            print(f"the configuration fails without a fault {done.stderr}")  # noqa: T201 - a command
            return 1
        missed = 0
        for number, fault in enumerate(FAULTS):
            found = is_found(fault, sound, Path(place, str(number)))
            missed += not found
            print(f"{'found ' if found else 'MISSED'}  {fault.name}", flush=True)  # noqa: T201 - a command
    seconds = time.monotonic() - began
    print(f"{len(FAULTS)} faults, {len(FAULTS) - missed} found, {seconds:.0f} s")  # noqa: T201 - a command
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())

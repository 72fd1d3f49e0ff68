"""How much is measured: everything, or what fits in two minutes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """The size of one run."""

    is_quick: bool = False

    @property
    def rounds(self) -> int:
        """Rounds of each row; both sides alternate within one."""
        return 3 if self.is_quick else 7

    def of(self, full: int, quick: int) -> int:
        """Return one of the two counts, by the kind of run."""
        return quick if self.is_quick else full

    @property
    def name(self) -> str:
        """The name in the report."""
        return "quick: fewer rounds of fewer requests" if self.is_quick else "the whole"

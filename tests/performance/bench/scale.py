"""How much is measured: the whole, or what two minutes allow."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Of one run."""

    is_quick: bool = False

    @property
    def rounds(self) -> int:
        """Of each row; both sides take turns within one."""
        return 3 if self.is_quick else 7

    def of(self, whole: int, quick: int) -> int:
        """How many, by the kind of run."""
        return quick if self.is_quick else whole

    @property
    def name(self) -> str:
        """For the page."""
        return "quick: fewer rounds of fewer requests" if self.is_quick else "the whole"

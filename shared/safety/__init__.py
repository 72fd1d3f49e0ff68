"""What may not be asked for, told or made: the rules, the gates, and what is kept of a refusal.

Refused in every mode, for every caller: sexual content with minors, and sexual content of real
people. Two contexts that are harmless alone are refused together.
"""

from shared.safety.classifier import contexts, judge, refused_across, refused_category
from shared.safety.policy import NSFW, RefusedError, check, check_mode, keep, watched

__all__ = [
    "NSFW",
    "RefusedError",
    "check",
    "check_mode",
    "contexts",
    "judge",
    "keep",
    "refused_across",
    "refused_category",
    "watched",
]

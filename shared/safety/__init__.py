"""What may not be asked for, told or made: the rules, the gates, and what is kept of a refusal.

Refused in every mode, for every caller: sexual content with minors, and sexual content of real
people. Two contexts that are harmless alone are refused together.
"""

from shared.safety.classifier import classify, contexts, refused_category, refused_in_conversation
from shared.safety.policy import (
    NSFW,
    ContentRefusedError,
    check_mode,
    check_prompt,
    record_refusal,
    recording_refusals,
)

__all__ = [
    "NSFW",
    "ContentRefusedError",
    "check_mode",
    "check_prompt",
    "classify",
    "contexts",
    "record_refusal",
    "recording_refusals",
    "refused_category",
    "refused_in_conversation",
]

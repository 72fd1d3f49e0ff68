"""Content-safety policy: text rules, checks and refusal records.

Sexual content with minors and sexual content of real people are refused in every mode and for
every caller. A rule names two contexts that are harmless alone and refused together.
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

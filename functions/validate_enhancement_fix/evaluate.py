"""The verdict on each test case: by a check of its name, or by what its sentence says."""

from functions.validate_enhancement_fix import llm_judge
from shared import safety
from shared.contracts.prompts import ValidateEnhancementRequest, ValidationResult
from shared.prompts.enhancer import TOKEN_LIMIT
from shared.prompts.rules.checks import CHECKS, nearest
from shared.prompts.rules.overlap import is_sentence
from shared.prompts.rules.verdicts import Verdict
from shared.services import Services

SAFE = "safe"
LEAST_PASSING = 0.5
_MOST_FAILING = 0.49


async def judge(request: ValidateEnhancementRequest, services: Services) -> list[ValidationResult]:
    """A result for each test case, in their order."""
    said = [case for case in request.test_cases if _is_said(case)]
    judged = iter(await llm_judge.judge(request, said, services))
    return [
        _result(case, next(judged) if _is_said(case) else _by_name(case, request))
        for case in request.test_cases
    ]


def _is_said(case: str) -> bool:
    """Whether it is a sentence; in a script that puts no spaces, one may look like a name."""
    return is_sentence(case) or not case.isascii()


def _by_name(case: str, request: ValidateEnhancementRequest) -> Verdict:
    name = case.strip().lower().replace("-", "_")
    if name == SAFE:
        return _safe(request.enhanced_prompt)
    if check := CHECKS.get(name):
        return check(request.original_prompt, request.enhanced_prompt, TOKEN_LIMIT)
    near = nearest(name)
    meant = f" Is {near} meant?" if near else ""
    known = ", ".join([*CHECKS, SAFE])
    return Verdict(False, 0.0, f"There is no check of this name.{meant} Known are: {known}.")


def _safe(prompt: str) -> Verdict:
    category = safety.refused_category(prompt)
    if category:
        return Verdict(False, 0.0, f"The safety rules refuse it: {category}.")
    return Verdict(True, 1.0, "The safety rules refuse nothing in it.")


def _result(case: str, verdict: Verdict) -> ValidationResult:
    """A check decides for itself whether it fails: its share of what is in order is no pass."""
    least, most = (LEAST_PASSING, 1.0) if verdict.passed else (0.0, _MOST_FAILING)
    score = round(min(max(verdict.score, least), most), 3)
    return ValidationResult(
        test_case=case, passed=score >= LEAST_PASSING, score=score, feedback=verdict.feedback
    )

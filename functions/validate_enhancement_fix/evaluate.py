"""Evaluates test cases: by the check of that name, or as a free-text criterion."""

from functions.validate_enhancement_fix import llm_judge
from shared import safety
from shared.contracts.prompts import ValidateEnhancementRequest, ValidationResult
from shared.prompts.enhancer import TOKEN_LIMIT
from shared.prompts.rules.checks import CHECKS, CheckResult, closest_check_name, is_criterion
from shared.services import Services

SAFE = "safe"
MIN_PASSING = 0.5
_MAX_FAILING = 0.49


async def judge(request: ValidateEnhancementRequest, services: Services) -> list[ValidationResult]:
    """Return a result for each test case, in their order; scores are between 0 and 1."""
    criteria = [case for case in request.test_cases if _is_criterion(case)]
    judged = iter(await llm_judge.judge(request, criteria, services))
    return [
        _result(case, next(judged) if _is_criterion(case) else _by_name(case, request))
        for case in request.test_cases
    ]


def _is_criterion(case: str) -> bool:
    """Whether a case is a sentence. In a script without spaces, one may look like a name."""
    return is_criterion(case) or not case.isascii()


def _by_name(case: str, request: ValidateEnhancementRequest) -> CheckResult:
    name = case.strip().lower().replace("-", "_")
    if name == SAFE:
        return _safe(request.enhanced_prompt)
    if check := CHECKS.get(name):
        return check(request.original_prompt, request.enhanced_prompt, TOKEN_LIMIT)
    near = closest_check_name(name)
    meant = f" Is {near} meant?" if near else ""
    known = ", ".join([*CHECKS, SAFE])
    return CheckResult(False, 0.0, f"Unknown check.{meant} Known checks: {known}.")


def _safe(prompt: str) -> CheckResult:
    category = safety.refused_category(prompt)
    if category:
        return CheckResult(False, 0.0, f"Refused by the safety rules: {category}.")
    return CheckResult(True, 1.0, "Passes the safety rules.")


def _result(case: str, verdict: CheckResult) -> ValidationResult:
    """Limit the score by the check's own verdict: a failed one stays below ``MIN_PASSING``."""
    minimum, maximum = (MIN_PASSING, 1.0) if verdict.passed else (0.0, _MAX_FAILING)
    score = round(min(max(verdict.score, minimum), maximum), 3)
    return ValidationResult(
        test_case=case, passed=score >= MIN_PASSING, score=score, feedback=verdict.feedback
    )

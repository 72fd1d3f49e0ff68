"""POST /validate-enhancement-fix: score an enhancement per test case."""

from functions.validate_enhancement_fix import evaluate
from shared.auth.authenticators import User, Worker, require_user_or_worker
from shared.contracts.prompts import ValidateEnhancementRequest, ValidateEnhancementResponse
from shared.http import endpoint
from shared.services import Services


async def validate_enhancement_fix(
    request: ValidateEnhancementRequest, _: User | Worker, services: Services
) -> ValidateEnhancementResponse:
    """Score an enhanced prompt against test cases.

    A test case is the name of a check, or a sentence. It passes with a score of 0.5 or more.
    """
    return ValidateEnhancementResponse(validation_results=await evaluate.judge(request, services))


main = endpoint(validate_enhancement_fix, authenticate=require_user_or_worker, rate="prompts")

"""POST /validate-enhancement-fix: whether an enhancement keeps what it should, case by case."""

from functions.validate_enhancement_fix import evaluate
from shared.auth.authenticators import User, Worker
from shared.auth.callers import require_user_or_worker
from shared.contracts.prompts import ValidateEnhancementRequest, ValidateEnhancementResponse
from shared.http import endpoint
from shared.services import Services


async def validate_enhancement_fix(
    request: ValidateEnhancementRequest, _: User | Worker, services: Services
) -> ValidateEnhancementResponse:
    """Each case is a check's name, or a sentence; one that scores 0.5 or more has passed."""
    return ValidateEnhancementResponse(validation_results=await evaluate.judge(request, services))


main = endpoint(validate_enhancement_fix, authenticate=require_user_or_worker, rate="prompts")

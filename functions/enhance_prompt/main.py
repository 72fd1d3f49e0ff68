"""POST /enhance-prompt: enhance a prompt with a language model or with rules."""

from shared import safety
from shared.auth.authenticators import User, Worker, require_user_or_worker
from shared.contracts.prompts import (
    EnhancementMetadata,
    EnhancePromptRequest,
    EnhancePromptResponse,
)
from shared.http import endpoint
from shared.prompts import enhancer
from shared.prompts.enhancer import EnhancementRequest
from shared.services import Services


async def enhance_prompt(
    request: EnhancePromptRequest, caller: User | Worker, services: Services
) -> EnhancePromptResponse:
    """Enhance a prompt with a language model, or with rules if no model answers.

    ``enhancement_metadata.model_used`` names what enhanced it, and ``fallback_reason`` why rules
    were used.
    """
    user_id = caller.id if isinstance(caller, User) else None
    enhancement = EnhancementRequest(
        prompt=request.prompt,
        model=request.model_type,
        use_case=request.use_case,
        content_mode=request.content_mode,
    )
    async with safety.recording_refusals(user_id, services):
        safety.check_prompt(request.prompt, field="prompt")
        await safety.check_mode(
            request.content_mode,
            request.prompt,
            field="content_mode",
            user_id=user_id,
            services=services,
        )
        enhanced = await enhancer.enhance(enhancement, services)
    return EnhancePromptResponse(
        enhanced_prompt=enhanced.text,
        original_prompt=request.prompt,
        enhancement_metadata=EnhancementMetadata(
            model_used=enhanced.model_used,
            template_used=enhanced.template_used,
            enhancement_time_ms=enhanced.milliseconds,
            tokens=enhanced.tokens,
            token_limit=enhanced.token_limit,
            fallback_reason=enhanced.fallback_reason,
        ),
    )


main = endpoint(enhance_prompt, authenticate=require_user_or_worker, rate="prompts")

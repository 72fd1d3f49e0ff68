"""The specification's functions: the request and the response of each, as data.

The three deprecated procedures of its second section are functions of the database; they are
tested in ``test_workspace_procedures``.

A text that begins with ``$`` is a placeholder for a value that the test provides.
"""

from tests.integration.specification.json_shapes import Interface
from tests.integration.specification.specified_jobs import (
    DONE,
    JOB_CALLBACK,
    QUEUE_JOB,
    SAVE_TO_LIBRARY,
)

_MODEL = ("qwen_base", "qwen_instruct")
_WORKER = ("chat", "wan", "sdxl")
_STAR = "a red star on blue"

_ENHANCE_PROMPT = Interface(
    request={
        "prompt": str,
        "model_type?": _MODEL,
        "content_mode?": ("sfw", "nsfw"),
        "use_case?": ("enhancement", "chat", "roleplay"),
    },
    answer={
        "success": bool,
        "enhanced_prompt": str,
        "original_prompt": str,
        "enhancement_metadata": {
            "model_used": str,
            "template_used": str,
            "enhancement_time_ms": float,
        },
    },
    least={"prompt": _STAR},
    whole={
        "prompt": _STAR,
        "model_type": "qwen_base",
        "content_mode": "sfw",
        "use_case": "roleplay",
    },
)

_GENERATE_ADMIN_IMAGE = Interface(
    caller="admin",
    request={"prompt": str, "model_type": str, "quality": ("fast", "high")},
    answer={"success": bool, "image_url": str, "job_id": str},
    least={"prompt": _STAR, "model_type": "sdxl", "quality": "fast"},
)

_GET_ACTIVE_WORKER_URL = Interface(
    request={"worker_type": _WORKER},
    answer={"success": bool, "worker_url": str, "worker_type": str, "last_updated": str},
    least={"worker_type": "chat"},
)

_REGISTER_CHAT_WORKER = Interface(
    caller="worker",
    request={"worker_url": str, "worker_id": str},
    answer=DONE,
    least={"worker_url": "$URL", "worker_id": "demo-chat"},
)

_UPDATE_WORKER_URL = Interface(
    caller="worker",
    request={"worker_type": _WORKER, "worker_url": str, "worker_id": str},
    answer=DONE,
    least={"worker_type": "chat", "worker_url": "$URL", "worker_id": "demo-chat"},
)

_HEALTH = [{"status": str, "responseTime": float, "lastChecked": str}]

_SYSTEM_METRICS = Interface(
    caller="admin",
    request={},
    answer={
        "timestamp": str,
        "workers": {"chat": _HEALTH, "sdxl": _HEALTH, "wan": _HEALTH},
        "queues": {"sdxl_queue": float, "wan_queue": float},
        "etaEstimates": {"sdxl": str, "wan": str},
    },
    least={},
)

_PLAYGROUND_CHAT = Interface(
    request={
        "message": str,
        "conversation_id?": str,
        "model_type?": _MODEL,
        "long_response?": bool,
    },
    answer={
        "success": bool,
        "response": str,
        "conversation_id": str,
        "metadata": {"model_used": str, "response_time_ms": float},
    },
    least={"message": "Hello"},
    whole={
        "message": "Hello again",
        "conversation_id": "$CONVERSATION",
        "model_type": "qwen_base",
        "long_response": True,
    },
)

_VALIDATE_ENHANCEMENT_FIX = Interface(
    request={"original_prompt": str, "enhanced_prompt": str, "test_cases": [str]},
    answer={
        "success": bool,
        "validation_results": [{"test_case": str, "passed": bool, "score": float, "feedback": str}],
    },
    least={
        "original_prompt": _STAR,
        "enhanced_prompt": f"{_STAR}, in soft light",
        "test_cases": ["preserves_subject", "The star is red."],
    },
)

INTERFACES = {
    "queue-job": QUEUE_JOB,
    "job-callback": JOB_CALLBACK,
    "workspace-actions": SAVE_TO_LIBRARY,
    "enhance-prompt": _ENHANCE_PROMPT,
    "generate-admin-image": _GENERATE_ADMIN_IMAGE,
    "get-active-worker-url": _GET_ACTIVE_WORKER_URL,
    "register-chat-worker": _REGISTER_CHAT_WORKER,
    "update-worker-url": _UPDATE_WORKER_URL,
    "system-metrics": _SYSTEM_METRICS,
    "playground-chat": _PLAYGROUND_CHAT,
    "validate-enhancement-fix": _VALIDATE_ENHANCEMENT_FIX,
}

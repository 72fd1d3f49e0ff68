"""The specification's functions that concern a job and its outputs."""

from tests.integration.specification.json_shapes import Interface

DONE = {"success": bool, "message": str}
_PLACE = ("library", "workspace")
_STAR = "a red star on blue"

QUEUE_JOB = Interface(
    request={
        "jobType": str,
        "metadata?": {
            "prompt?": str,
            "bucket?": str,
            "credits?": float,
            "queue?": str,
            "destination?": _PLACE,
            "session_name?": str,
            "num_images?": float,
            "user_requested_enhancement?": bool,
            "reference_image?": bool,
            "reference_strength?": float,
            "reference_type?": ("character", "style", "composition"),
        },
        "projectId?": str,
        "videoId?": str,
        "imageId?": str,
        "referenceImageUrl?": str,
        "startReferenceImageUrl?": str,
        "endReferenceImageUrl?": str,
    },
    answer={
        "success": bool,
        "job": dict,
        "message": str,
        "queueLength": float,
        "modelVariant": str,
        "workspaceSessionId?": str,
        "debug": {
            "userId": str,
            "hasPrompt": bool,
            "destination": _PLACE,
            "workspaceSessionCreated": bool,
        },
    },
    least={"jobType": "sdxl_image_fast"},
    also={"metadata": {"prompt": _STAR}},  # a job needs a prompt
    whole={
        "jobType": "sdxl_image_fast",
        "metadata": {
            "prompt": _STAR,
            "bucket": "anywhere",
            "credits": 0,
            "queue": "wan_queue",
            "destination": "library",
            "session_name": "Stars",
            "num_images": 2,
            "user_requested_enhancement": True,
            "reference_image": True,
            "reference_strength": 0.5,
            "reference_type": "style",
            "of_the_client": {"any": ["thing"]},
        },
        "projectId": "$ID",
        "videoId": "$ID",
        "imageId": "$ID",
        "referenceImageUrl": "$PICTURE",
        "startReferenceImageUrl": "$PICTURE",
        "endReferenceImageUrl": "$PICTURE",
    },
)

JOB_CALLBACK = Interface(
    caller="worker",
    request={
        "jobId": str,
        "userId": str,
        "status": ("completed", "failed"),
        "results?": {
            "assets": [
                {
                    "assetType": ("image", "video"),
                    "tempStoragePath": str,
                    "fileSizeBytes": float,
                    "mimeType": str,
                    "durationSeconds?": float,
                    "assetIndex?": float,
                }
            ]
        },
        "errorMessage?": str,
        "metadata?": dict,
    },
    answer=DONE,
    least={"jobId": "$JOB", "userId": "$USER", "status": "failed"},
    also={"claimId": "$CLAIM"},  # distinguishes the job's current claim from a lost one
    whole={
        "jobId": "$JOB",
        "userId": "$USER",
        "status": "completed",
        "results": {"assets": "$ASSETS"},
        "errorMessage": "none",
        "outputCheck": {"kind": "classifier", "name": "by-hand"},  # required for completion
        "metadata": {"any": ["thing"]},
    },
)

SAVE_TO_LIBRARY = Interface(
    request={"action": ("save_to_library",)},
    answer=DONE,
    least={"action": "save_to_library"},
    also={"assetId": "$ASSET"},  # the specification names only the action
)

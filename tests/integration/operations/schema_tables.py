"""Expected tables: their columns, the rights of each role, and an example row of each.

Tables and columns that only the functions see may exist besides these and need no entry.
"""

DISPATCH = (
    "parameters num_images priority dispatch_no dispatched_at claim_by worker_id claim_id"
    " lease_until deadline_at expires_at traceparent"
)
"""The columns of ``jobs`` that are granted to the functions only."""

JOBS = (
    "id created_at updated_at user_id job_type status queue model_variant format quality"
    " destination metadata original_prompt enhanced_prompt error_message credits project_id"
    " video_id image_id workspace_session_id attempts max_attempts started_at completed_at"
)
MEDIA = (
    "asset_type thumbnail_path file_size_bytes mime_type crc32c generation width height"
    " duration_seconds generation_seed original_prompt model_used generation_settings"
)

COLUMNS = {
    "jobs": f"{JOBS} {DISPATCH}",
    "job_claims": "id created_at job_id claim_id attempt worker_id ended_at outcome",
    "job_progress": "job_id created_at updated_at progress step steps preview_path published_at",
    "user_queues": "queue user_id waiting running last_dispatched_at",
    "workspace_assets": f"{MEDIA} id created_at user_id job_id asset_index temp_storage_path"
    " promotion saving_until expires_at",
    "discarded_assets": "asset_id created_at user_id",
    "user_library": f"{MEDIA} id created_at updated_at user_id source_asset_id storage_path"
    " collection_id custom_title tags is_favorite visibility",
    "user_collections": "id created_at user_id name description asset_count",
    "conversations": "id created_at updated_at user_id project_id title conversation_type status",
    "messages": "id created_at conversation_id sender content message_type seq",
    "prompt_templates": "id created_at model_type use_case content_mode template_name"
    " system_prompt token_limit version is_active",
    "negative_prompts": "id created_at model_type content_mode negative_prompt priority is_active",
    "workers": "id created_at worker_type worker_url models slots is_always_on is_active health"
    " last_seen response_ms key_id",
    "profiles": "id created_at username token_balance age_confirmed_at subscription_status",
    "user_roles": "id created_at user_id role",
    "credit_ledger": "id created_at user_id job_id kind amount balance_after",
    "usage_logs": "id created_at user_id job_id action format quality credits_consumed",
    "change_events": "seq xid table type user_id job_id record old_record at",
    "event_retention": "is_only xid seq",
    "event_tickets": "digest created_at user_id expires_at token_expires_at",
    "idempotency_keys": "id created_at user_id endpoint key body_hash state answer lease_until",
    "webhook_receipts": "webhook_id created_at body_hash answer",
    "rate_buckets": "user_id bucket tokens refilled_at",
    "text_only_images": "path created_at",
    "safety_decisions": "id created_at user_id place rule_version categories prompt_hash outcome",
    "workspace_sessions": "id created_at updated_at user_id session_name is_active",
    "workspace_items": "id created_at updated_at session_id job_id user_id status item_type"
    " storage_path thumbnail_path prompt metadata",
}

USERS_MAY = {
    "jobs": f"SELECT({','.join(sorted(JOBS.split()))})",
    "profiles": "SELECT UPDATE(username)",
    "workspace_sessions": "INSERT(session_name,user_id) SELECT UPDATE(is_active)",
    "workspace_items": "DELETE SELECT UPDATE(status,updated_at)",
} | dict.fromkeys(
    [
        "job_progress",
        "workspace_assets",
        "user_library",
        "user_collections",
        "conversations",
        "messages",
        "user_roles",
        "credit_ledger",
        "usage_logs",
    ],
    "SELECT",
)
ANYONE_MAY = {"user_library": "SELECT"}

ROWS = {
    "profiles": "insert into profiles (id) values (%(user)s)",
    "user_roles": "insert into user_roles (user_id, role) values (%(user)s, 'user')",
    "workspace_sessions": "insert into workspace_sessions (id, user_id) values (%(id)s, %(user)s)",
    "jobs": "insert into jobs (id, user_id, job_type, status, queue, model_variant, format,"
    " quality, original_prompt, credits, parameters) values (%(id)s, %(user)s, 'sdxl_image_fast',"
    " 'completed', 'sdxl_queue', 'sdxl', 'image', 'fast', 'a star', 1, '{}')",
    "job_progress": "insert into job_progress (job_id) values (%(id)s)",
    "credit_ledger": "insert into credit_ledger (user_id, kind, amount, balance_after)"
    " values (%(user)s, 'grant', 100, 100)",
    "usage_logs": "insert into usage_logs (user_id, action) values (%(user)s, 'queued')",
    "workspace_assets": "insert into workspace_assets (user_id, job_id, asset_index, asset_type,"
    " temp_storage_path, file_size_bytes, mime_type, crc32c, generation, original_prompt,"
    " model_used) values (%(user)s, %(id)s, 0, 'image', %(id)s::text || '/a.png', 1, 'image/png',"
    " 'AAAAAA==', 1, 'a star', 'sdxl')",
    "user_collections": "insert into user_collections (user_id, name) values (%(user)s, 'Stars')",
    "user_library": "insert into user_library (user_id, source_asset_id, asset_type, storage_path,"
    " file_size_bytes, mime_type, crc32c, generation, original_prompt, model_used)"
    " values (%(user)s, %(id)s, 'image', %(id)s::text || '/b.png', 1, 'image/png', 'AAAAAA==', 1,"
    " 'a star', 'sdxl')",
    "conversations": "insert into conversations (id, user_id) values (%(id)s, %(user)s)",
    "messages": "insert into messages (conversation_id, seq, sender, content)"
    " values (%(id)s, 1, 'user', 'hello')",
    "workspace_items": "insert into workspace_items (session_id, job_id, user_id, item_type)"
    " values (%(id)s, %(id)s, %(user)s, 'image')",
}
"""An example row in each table that users read, in an order that the references allow; ``id``
is the id of the user's job, session and conversation."""

OWNERS = dict.fromkeys(ROWS, "user_id") | {
    "profiles": "id",
    "job_progress": "(select user_id from jobs where jobs.id = job_id)",
    "messages": "(select user_id from conversations where conversations.id = conversation_id)",
}
"""The owner of a row, as an SQL expression."""

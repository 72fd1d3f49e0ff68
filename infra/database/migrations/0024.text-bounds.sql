-- depends: 0021.addresses

-- Every text and JSON value that comes from outside has a limit here, as it has in its contract.
-- tests/integration/operations/test_text_bounds.py tries each column. A constraint's comment is the message
-- that a client of the database's interface reads where the constraint fails.

create function private.max_length(texts text[]) returns integer
language sql immutable parallel safe
return (select coalesce(max(length(element)), 0) from unnest(texts) as element);

-- Categories Cc, Cf, Zl and Zp, and the letters that have no form. What is over the length is not
-- searched.
alter table profiles
    drop constraint if exists profiles_username_length,
    add constraint profiles_username_length check (length(username) between 1 and 100),
    add constraint profiles_username_characters check (
        case when length(username) <= 100 then
            username !~ '[\u0001-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2]'
            and username !~ '[\u115f\u1160\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164]'
            and username !~ '[\ufeff\uffa0\ufff0-\uffff\U000110bd\U000110cd\U00013430-\U0001345f]'
            and username !~ '[\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]'
        end
    ),
    add constraint profiles_username_trimmed check (
        case when length(username) <= 100 then
            username !~ '^[\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]'
            and username !~ '[\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]$'
        end
    ),
    add check (octet_length(subscription_status) <= 100);
comment on constraint profiles_username_length on profiles is
    'Username must be 1 to 100 characters long.';
comment on constraint profiles_username_characters on profiles is
    'Username must not contain control, formatting or invisible characters.';
comment on constraint profiles_username_trimmed on profiles is
    'Username must not begin or end with a space.';

comment on constraint workspace_sessions_session_name_check on workspace_sessions is
    'Session name must be 1 to 200 characters long.';
comment on constraint workspace_items_status_check on workspace_items is
    'Status must be 1 to 50 characters long.';

-- A row of jobs is updated often, and each update checks all of it: octet_length and pg_column_size
-- read no value that is stored out of line. Four bytes for each of a prompt's 2,000 characters.
alter table jobs
    add check (octet_length(job_type) <= 100),
    add check (octet_length(model_variant) <= 100),
    add check (octet_length(original_prompt) <= 8000),
    add check (octet_length(enhanced_prompt) <= 10000),    -- the rules add phrases to a prompt
    add check (octet_length(error_message) <= 8000),
    add check (octet_length(traceparent) <= 100),
    add check (pg_column_size(parameters) <= 65536),
    add check (cardinality(reference_roles) <= 3);

alter table job_progress add check (octet_length(preview_path) <= 1024);

-- The JSON's limit is that of contracts.postgres.MAX_JSON_BYTES.
alter table workspace_assets
    add check (octet_length(temp_storage_path) <= 1024),
    add check (octet_length(thumbnail_path) <= 1024),
    add check (octet_length(mime_type) <= 100),
    add check (octet_length(crc32c) <= 8),
    add check (octet_length(original_prompt) <= 8000),
    add check (octet_length(model_used) <= 100),
    add check (octet_length(generation_settings::text) <= 65536);

alter table user_library
    add check (octet_length(storage_path) <= 1024),
    add check (octet_length(thumbnail_path) <= 1024),
    add check (octet_length(mime_type) <= 100),
    add check (octet_length(crc32c) <= 8),
    add check (octet_length(original_prompt) <= 8000),
    add check (octet_length(model_used) <= 100),
    add check (octet_length(generation_settings::text) <= 65536),
    add check (length(custom_title) between 1 and 200),
    add check (cardinality(tags) <= 50 and private.max_length(tags) <= 50);

alter table user_collections add check (length(description) <= 2000);

alter table conversations add check (octet_length(conversation_type) <= 100);
alter table messages
    add check (length(content) <= 64000),    -- chat_stream.MOST_CHARACTERS
    add check (octet_length(message_type) <= 100);

alter table workers
    add check (octet_length(id) <= 63),
    add check (octet_length(worker_url) <= 2000),
    add check (cardinality(models) <= 20 and private.max_length(models) <= 200),
    add check (octet_length(key_id) <= 200);

alter table safety_decisions
    add check (cardinality(categories) <= 20 and private.max_length(categories) <= 64),
    add check (octet_length(rule_version) <= 100);

alter table idempotency_keys add check (octet_length(answer::text) <= 1048576);
alter table webhook_receipts
    add check (octet_length(webhook_id) <= 200),
    add check (octet_length(answer::text) <= 65536);

alter table deleted_library_assets
    add check (octet_length(storage_path) <= 1024),
    add check (octet_length(thumbnail_path) <= 1024);
alter table pictures_of_words add check (octet_length(path) <= 1024);

-- depends: 0003.row-limits

create table conversations (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    project_id uuid,
    title text check (length(title) <= 200),
    conversation_type text not null default 'general' check (octet_length(conversation_type) <= 100),
    status text not null default 'active' check (status in ('active', 'archived'))
);
create index conversations_of_user on conversations (user_id, created_at desc);
call private.limit_rows('conversations', 'user_id', 1000, 'conversations');
call private.enable_rls('conversations');
call private.grant_owner_read('conversations', 'user_id');
grant select on conversations to authenticated;

create table messages (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    conversation_id uuid not null references conversations (id) on delete cascade,
    seq integer not null check (seq > 0),
    sender text not null check (sender in ('user', 'assistant')),
    content text not null check (length(content) <= 64000),    -- chat_stream.MAX_CHARACTERS
    message_type text not null default 'text' check (octet_length(message_type) <= 100),
    unique (conversation_id, seq)
);
call private.limit_rows('messages', 'conversation_id', 2000, 'messages in a conversation');
call private.enable_rls('messages');
create policy readable_rows on messages for select to authenticated
    using (exists (select from conversations where conversations.id = conversation_id));
grant select on messages to authenticated;

-- Which message of a conversation is answered now, and which wait: one at a time, in the order in
-- which they came. A row counts until its lease ends, so that a crashed request does not block others
-- for longer.
create table chat_turns (
    id bigint generated always as identity primary key,
    conversation_id uuid not null references conversations (id) on delete cascade,
    lease_until timestamptz not null
);
create index chat_turns_in_order on chat_turns (conversation_id, id);
call private.enable_rls('chat_turns');

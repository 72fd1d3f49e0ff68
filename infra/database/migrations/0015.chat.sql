-- depends: 0014.registry

-- Who answers in a conversation, and who waits to: one message at a time, in the order in which they
-- came. A row is somebody's as long as its lease lasts, so that a crash holds nobody up for longer.
create table chat_turns (
    id bigint generated always as identity primary key,
    conversation_id uuid not null references conversations (id) on delete cascade,
    lease_until timestamptz not null
);
create index chat_turns_in_order on chat_turns (conversation_id, id);
call private.protect('chat_turns');

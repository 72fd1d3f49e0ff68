-- depends: 0001.access-control

-- One row a user: name, credits, and when the user's age was confirmed.

create table profiles (
    id uuid primary key,
    created_at timestamptz not null default now(),
    username text,
    token_balance integer not null default 100 check (token_balance >= 0),
    age_confirmed_at timestamptz,
    subscription_status text check (octet_length(subscription_status) <= 100),
    -- The categories Cc, Cf, Zl and Zp, and characters without a visible form. A name that is too
    -- long is not searched.
    constraint profiles_username_length check (length(username) between 1 and 100),
    constraint profiles_username_characters check (
        case when length(username) <= 100 then
            username !~ '[\u0001-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2]'
            and username !~ '[\u115f\u1160\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164]'
            and username !~ '[\ufeff\uffa0\ufff0-\uffff\U000110bd\U000110cd\U00013430-\U0001345f]'
            and username !~ '[\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]'
        end
    ),
    constraint profiles_username_trimmed check (
        case when length(username) <= 100 then
            username !~ '^[\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]'
            and username !~ '[\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]$'
        end
    )
);
call private.enable_rls('profiles');
call private.grant_owner_read('profiles', 'id');
create policy own_name on profiles for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
grant select, update (username) on profiles to authenticated;

-- A constraint's comment is the message that a client reads where the constraint fails.
comment on constraint profiles_username_length on profiles is
    'Username must be 1 to 100 characters long.';
comment on constraint profiles_username_characters on profiles is
    'Username must not contain control, formatting or invisible characters.';
comment on constraint profiles_username_trimmed on profiles is
    'Username must not begin or end with a space.';

// channel(...).on('postgres_changes'): which changes a client receives, and in which order.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { must, person, queue, until } from './client.mjs';

const people = [];
let mine;
let other;

before(async () => {
  mine = await person();
  other = await person();
  people.push(mine, other);
});

after(() => Promise.all(people.map(({ supabase }) => supabase.removeAllChannels())));

/** Subscribe to bindings; the changes that the channel receives are collected. */
async function listening(supabase, name, ...bindings) {
  const received = [];
  let status;
  const channel = bindings.reduce(
    (so_far, binding) => so_far.on('postgres_changes', { schema: 'public', ...binding }, (change) => received.push(change)),
    supabase.channel(name),
  );
  channel.subscribe((now) => { status = now; });
  await until(() => status === 'SUBSCRIBED', 'the subscription');
  return { channel, received };
}

const session = async (supabase, user, session_name) =>
  must(await supabase.from('workspace_sessions').insert({ user_id: user.id, session_name }).select().single());

test('each event is heard by who asked for it, in order', async () => {
  const { supabase, user } = mine;
  const table = 'workspace_sessions';
  const whole = await listening(supabase, 'all', { event: '*', table });
  const some = await listening(supabase, 'some', { event: 'UPDATE', table, filter: 'is_active=eq.false' });
  const made = await session(supabase, user, 'first');
  for (const is_active of [false, true]) must(await supabase.from(table).update({ is_active }).eq('id', made.id));
  await until(() => whole.received.length === 3 && some.received.length === 1, 'the changes');
  assert.deepEqual(whole.received.map(({ eventType }) => eventType), ['INSERT', 'UPDATE', 'UPDATE']);
  assert.deepEqual(whole.received.map(({ new: row }) => row.is_active), [true, false, true]);
  assert.deepEqual([some.received[0].new.is_active, some.received[0].new.session_name], [false, 'first']);
});

test('no user receives the changes of another', async () => {
  const theirs = await listening(other.supabase, 'jobs', { event: '*', table: 'jobs' });
  const own = await listening(mine.supabase, 'jobs', { event: 'INSERT', table: 'jobs' });
  const job = await queue(mine.supabase);
  await until(() => own.received.length, 'the job');
  const proof = await queue(other.supabase);
  await until(() => theirs.received.some(({ new: row }) => row.id === proof.id), 'the other\'s job');
  assert.ok(theirs.received.every(({ new: row }) => row.id === proof.id));
  assert.equal(own.received[0].new.id, job.id);
});

test('a channel is left, and joined again', async () => {
  const { supabase, user } = mine;
  const table = 'workspace_sessions';
  const first = await listening(supabase, 'again', { event: 'INSERT', table });
  assert.equal(await supabase.removeChannel(first.channel), 'ok');
  const second = await listening(supabase, 'again', { event: 'INSERT', table });
  await session(supabase, user, 'received once');
  await until(() => second.received.length, 'the change');
  assert.deepEqual([first.received.length, second.received.length], [0, 1]);
});

test('a refreshed token goes on hearing', async () => {
  const { supabase, user } = mine;
  const { received } = await listening(supabase, 'refreshed', { event: 'INSERT', table: 'workspace_sessions' });
  must(await supabase.auth.refreshSession());
  await supabase.realtime.setAuth();
  await session(supabase, user, 'after the refresh');
  await until(() => received.length, 'the change');
});

test('an unknown table is an error of the channel', async () => {
  const statuses = [];
  const channel = mine.supabase.channel('unknown')
    .on('postgres_changes', { event: '*', schema: 'public', table: 'nothing' }, () => {})
    .subscribe((status) => statuses.push(status));
  await until(() => statuses.includes('CHANNEL_ERROR'), 'the error');
  await mine.supabase.removeChannel(channel);
});

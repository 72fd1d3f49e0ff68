// channel(...).on('postgres_changes'): what is heard, by whom, in which order.

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

/** A channel that keeps what it hears. */
async function listening(supabase, name, ...bindings) {
  const heard = [];
  let status;
  const channel = bindings.reduce(
    (so_far, binding) => so_far.on('postgres_changes', { schema: 'public', ...binding }, (change) => heard.push(change)),
    supabase.channel(name),
  );
  channel.subscribe((now) => { status = now; });
  await until(() => status === 'SUBSCRIBED', 'the subscription');
  return { channel, heard };
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
  await until(() => whole.heard.length === 3 && some.heard.length === 1, 'the changes');
  assert.deepEqual(whole.heard.map(({ eventType }) => eventType), ['INSERT', 'UPDATE', 'UPDATE']);
  assert.deepEqual(whole.heard.map(({ new: row }) => row.is_active), [true, false, true]);
  assert.deepEqual([some.heard[0].new.is_active, some.heard[0].new.session_name], [false, 'first']);
});

test('nobody hears of what is another\'s', async () => {
  const theirs = await listening(other.supabase, 'jobs', { event: '*', table: 'jobs' });
  const own = await listening(mine.supabase, 'jobs', { event: 'INSERT', table: 'jobs' });
  const job = await queue(mine.supabase);
  await until(() => own.heard.length, 'the job');
  const proof = await queue(other.supabase);
  await until(() => theirs.heard.some(({ new: row }) => row.id === proof.id), 'the other\'s job');
  assert.ok(theirs.heard.every(({ new: row }) => row.id === proof.id));
  assert.equal(own.heard[0].new.id, job.id);
});

test('a channel is left, and joined again', async () => {
  const { supabase, user } = mine;
  const table = 'workspace_sessions';
  const first = await listening(supabase, 'again', { event: 'INSERT', table });
  assert.equal(await supabase.removeChannel(first.channel), 'ok');
  const second = await listening(supabase, 'again', { event: 'INSERT', table });
  await session(supabase, user, 'heard once');
  await until(() => second.heard.length, 'the change');
  assert.deepEqual([first.heard.length, second.heard.length], [0, 1]);
});

test('a refreshed token goes on hearing', async () => {
  const { supabase, user } = mine;
  const { heard } = await listening(supabase, 'refreshed', { event: 'INSERT', table: 'workspace_sessions' });
  must(await supabase.auth.refreshSession());
  await supabase.realtime.setAuth();
  await session(supabase, user, 'after the refresh');
  await until(() => heard.length, 'the change');
});

test('an unknown table is an error of the channel', async () => {
  const told = [];
  const channel = mine.supabase.channel('unknown')
    .on('postgres_changes', { event: '*', schema: 'public', table: 'nothing' }, () => {})
    .subscribe((status) => told.push(status));
  await until(() => told.includes('CHANNEL_ERROR'), 'the error');
  await mine.supabase.removeChannel(channel);
});

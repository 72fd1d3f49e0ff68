// The specification's examples, each as it is printed there.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { createClient } from '@supabase/supabase-js';
import ws from 'ws';

import { anonKey, must, until, url } from './client.mjs';

const anon_key = anonKey;
const { EMAIL, PASSWORD, ITEM, JOB } = process.env;

let supabase;
let user;

before(async () => {
  supabase = createClient(url, anon_key, { realtime: { transport: ws }, auth: { autoRefreshToken: false } });
  ({ user } = must(await supabase.auth.signInWithPassword({ email: EMAIL, password: PASSWORD })));
});

after(() => supabase.removeAllChannels());

test('a session', async () => {
  const { data: { session } } = await supabase.auth.getSession();

  assert.equal(session.user.email, EMAIL);
  assert.equal(session.user.id, user.id);
});

test('a workspace session is made and cleared', async () => {
  const { data: sessionId, error } = await supabase.rpc('create_workspace_session', {
    p_user_id: user.id,
    p_session_name: 'My Workspace Session'
  });

  assert.equal(error, null);
  assert.match(sessionId, /^[0-9a-f-]{36}$/);
  {
    const { data: success, error } = await supabase.rpc('clear_workspace_session', {
      p_session_id: sessionId,
      p_user_id: user.id
    });
    assert.deepEqual([success, error], [true, null]);
  }
});

test('a workspace item is in the library', async () => {
  const workspaceItem = { id: ITEM };
  const { data: libraryItemId, error } = await supabase.rpc('save_workspace_item_to_library', {
    p_workspace_item_id: workspaceItem.id,
    p_user_id: user.id
  });

  assert.equal(error, null);
  const kept = must(await supabase.from('user_library').select('id').eq('user_id', user.id).single());
  assert.equal(libraryItemId, kept.id);
});

test('workspace items are subscribed to', async () => {
  const received = [];
  let status;
  const console = { log: (_, payload) => received.push(payload) };
  // Subscribe to workspace item changes
  const workspaceSubscription = supabase
    .channel('workspace_items')
    .on('postgres_changes', {
      event: '*',
      schema: 'public',
      table: 'workspace_items',
      filter: `user_id=eq.${user.id}`
    }, (payload) => {
      console.log('Workspace item change:', payload);
      // Handle workspace item updates
    })
    .subscribe((now) => { status = now; });

  await until(() => status === 'SUBSCRIBED', 'the subscription');
  must(await supabase.from('workspace_items').update({ status: 'saved' }).eq('id', ITEM));
  const [change] = await until(() => received.length && received, 'the change');
  assert.equal(change.eventType, 'UPDATE');
  assert.deepEqual([change.new.id, change.new.status], [ITEM, 'saved']);
  await workspaceSubscription.unsubscribe();
});

test('job statuses are subscribed to', async () => {
  const received = [];
  let status;
  const console = { log: (_, payload) => received.push(payload) };
  // Subscribe to job status changes
  const jobSubscription = supabase
    .channel('jobs')
    .on('postgres_changes', {
      event: '*',
      schema: 'public',
      table: 'jobs',
      filter: `user_id=eq.${user.id}`
    }, (payload) => {
      console.log('Job status change:', payload);
      // Handle job status updates
    })
    .subscribe((now) => { status = now; });

  await until(() => status === 'SUBSCRIBED', 'the subscription');
  const body = { jobType: 'sdxl_image_fast', metadata: { prompt: 'a red star on blue' } };
  const { job } = must(await supabase.functions.invoke('queue-job', { body }));
  await until(() => received.some(({ new: row }) => row.status === 'completed'), 'the job to be completed');
  assert.deepEqual([received[0].eventType, received[0].new.id, received[0].new.status], ['INSERT', job.id, 'queued']);
  const statuses = received.map(({ new: row }) => row.status).filter((one, at, all) => one !== all[at - 1]);
  assert.deepEqual(statuses, ['queued', 'processing', 'completed']);
  await jobSubscription.unsubscribe();
});

test('the Database API: workspace_sessions', async () => {
  const sessions = () => supabase.from('workspace_sessions');
  const made = must(await sessions().insert({ user_id: user.id, session_name: 'Mine' }).select('id').single());
  const active = must(
    await sessions().select('*').eq('user_id', user.id).eq('is_active', true).order('created_at', { ascending: false })
  );
  assert.equal(active[0].id, made.id);
  const ended = must(
    await sessions().update({ is_active: false }).eq('user_id', user.id).eq('is_active', true).select('id')
  );
  assert.ok(ended.some(({ id }) => id === made.id));
  assert.deepEqual(must(await sessions().select('id').eq('user_id', user.id).eq('is_active', true)), []);
});

test('the Database API: jobs, and a workspace item to its end', async () => {
  const jobs = must(
    await supabase.from('jobs').select('*').eq('user_id', user.id).eq('destination', 'library').order('created_at', { ascending: false })
  );
  assert.deepEqual(jobs.map(({ id }) => id), [JOB]);
  assert.ok(!('dispatch_no' in jobs[0]), 'what is dispatch\'s own is not shown');

  const items = () => supabase.from('workspace_items');
  const found = must(await items().select('*').eq('user_id', user.id).eq('status', 'saved').order('created_at', { ascending: false }));
  assert.deepEqual(found.map(({ id }) => id), [ITEM]);
  must(await items().delete().eq('id', ITEM).eq('user_id', user.id));
  assert.deepEqual(must(await items().select('id').eq('user_id', user.id)), []);
});

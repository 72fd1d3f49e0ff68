// from(...): filters, order, ranges, counts, embedding, writes, and rows of other users.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { connect, made, must, person } from './client.mjs';

let mine;
let supabase;
let sessions;

before(async () => {
  mine = await person();
  ({ supabase } = mine);
  sessions = () => supabase.from('workspace_sessions');
  const rows = ['one', 'two', 'three, (four)', 'five%'].map((session_name) => ({ user_id: mine.user.id, session_name }));
  must(await sessions().insert(rows));
});

const names = (rows) => rows.map(({ session_name }) => session_name);

test('filters', async () => {
  const of = async (query) => names(must(await query.order('session_name')));
  assert.deepEqual(await of(sessions().select().eq('session_name', 'one')), ['one']);
  assert.deepEqual(await of(sessions().select().neq('session_name', 'one')), ['five%', 'three, (four)', 'two']);
  assert.deepEqual(await of(sessions().select().gt('session_name', 'three')), ['three, (four)', 'two']);
  assert.deepEqual(await of(sessions().select().lte('session_name', 'one')), ['five%', 'one']);
  assert.deepEqual(await of(sessions().select().like('session_name', 't%')), ['three, (four)', 'two']);
  assert.deepEqual(await of(sessions().select().ilike('session_name', '%FOUR%')), ['three, (four)']);
  assert.deepEqual(await of(sessions().select().in('session_name', ['one', 'three, (four)'])), ['one', 'three, (four)']);
  assert.deepEqual(await of(sessions().select().is('is_active', true).not('session_name', 'in', '(one,two)')), ['five%', 'three, (four)']);
  assert.deepEqual(await of(sessions().select().or('session_name.eq.one,and(is_active.is.true,session_name.eq.two)')), ['one', 'two']);
  assert.deepEqual(await of(sessions().select().match({ session_name: 'two', is_active: true })), ['two']);
});

test('order, limit and range', async () => {
  assert.deepEqual(names(must(await sessions().select().order('session_name', { ascending: false }).limit(2))), ['two', 'three, (four)']);
  assert.deepEqual(names(must(await sessions().select().order('session_name', { nullsFirst: true }).range(1, 2))), ['one', 'three, (four)']);
});

test('counts', async () => {
  const whole = await sessions().select('*', { count: 'exact' }).range(0, 1);
  assert.deepEqual([whole.data.length, whole.count, whole.status], [2, 4, 206]);
  const head = await sessions().select('*', { count: 'exact', head: true });
  assert.deepEqual([head.data, head.count], [null, 4]);
});

test('one row, none, and several', async () => {
  assert.equal(must(await sessions().select().eq('session_name', 'one').single()).session_name, 'one');
  assert.equal(must(await sessions().select().eq('session_name', 'none').maybeSingle()), null);
  for (const name of ['none', null]) {
    const query = sessions().select();
    const { error, status } = await (name ? query.eq('session_name', name) : query).single();
    assert.deepEqual([error.code, status], ['PGRST116', 406]);
  }
});

test('rows are written', async () => {
  const { data, status } = await sessions().insert({ user_id: mine.user.id, session_name: 'six' }).select().single();
  assert.deepEqual([data.session_name, status], ['six', 201]);
  const changed = must(await sessions().update({ is_active: false }).eq('id', data.id).select('is_active'));
  assert.deepEqual(changed, [{ is_active: false }]);
  const bare = await sessions().update({ is_active: true }).eq('id', data.id);
  assert.deepEqual([bare.data, bare.error, bare.status], [null, null, 204]);
});

test('rows are upserted, as far as their columns are the caller\'s, and removed', async () => {
  const row = { user_id: mine.user.id, session_name: 'upserted' };
  const upserted = await sessions().upsert(row, { ignoreDuplicates: true }).select('session_name');
  assert.deepEqual([upserted.data, upserted.status], [[{ session_name: 'upserted' }], 201]);
  const chosen = await sessions().upsert({ ...row, id: crypto.randomUUID() });
  assert.deepEqual([chosen.error.code, chosen.status], ['42501', 403]);
  const removed = await supabase.from('workspace_items').delete().eq('user_id', mine.user.id);
  assert.deepEqual([removed.data, removed.error, removed.status], [null, null, 204]);
});

test('what a list contains', async () => {
  const asset = await made(supabase);
  const body = { action: 'save_to_library', assetId: asset.id, tags: ['red', 'a star'] };
  must(await supabase.functions.invoke('workspace-actions', { body }));
  const kept = (tags) => supabase.from('user_library').select('tags, metadata:generation_settings->>seed').contains('tags', tags);
  assert.deepEqual(must(await kept(['a star']).eq('user_id', mine.user.id).single()).tags, ['red', 'a star']);
  assert.deepEqual(must(await kept(['of no asset'])), []);
});

test('tables are embedded along their keys', async () => {
  const asset = await made(supabase, { num_images: 2 });
  const job = must(await supabase.from('jobs').select('id, kind:job_type, workspace_assets(id, asset_index)')
    .eq('id', asset.job_id).order('asset_index', { referencedTable: 'workspace_assets', ascending: false }).single());
  assert.equal(job.kind, 'sdxl_image_fast');
  assert.deepEqual(job.workspace_assets.map(({ asset_index }) => asset_index), [1, 0]);
  const back = must(await supabase.from('workspace_assets').select('id, jobs!inner(status)').eq('jobs.status', 'completed').eq('id', asset.id).single());
  assert.deepEqual(back.jobs, { status: 'completed' });
});

test('what is not the caller\'s is not there', async () => {
  const { supabase: other, user } = await person();
  assert.deepEqual(must(await other.from('workspace_sessions').select()), []);
  assert.deepEqual(must(await other.from('workspace_sessions').update({ is_active: false }).eq('user_id', mine.user.id).select('id')), []);
  const forged = await other.from('workspace_sessions').insert({ user_id: mine.user.id, session_name: 'x' });
  assert.deepEqual([forged.error.code, forged.status], ['42501', 403]);
  const rich = await other.from('profiles').update({ token_balance: 1000 }).eq('id', user.id);
  assert.deepEqual([rich.error.code, rich.status], ['42501', 403]);
  assert.ok((await connect().from('jobs').select()).error);
});

test('mistakes are PostgREST\'s own', async () => {
  const codes = await Promise.all([
    supabase.from('nothing').select(),
    supabase.from('jobs').select('nothing'),
    supabase.from('jobs').select().filter('status', 'nothing', '1'),
    supabase.from('jobs').select().eq('id', 'no-uuid'),
    supabase.from('jobs').select('workers(id)'),
    supabase.rpc('nothing', { a: 1 }),
  ].map(async (query) => { const { error, status } = await query; return [error.code, status]; }));
  assert.deepEqual(codes, [
    ['PGRST205', 404], ['42703', 400], ['PGRST100', 400], ['22P02', 400], ['PGRST200', 400], ['PGRST202', 404],
  ]);
});

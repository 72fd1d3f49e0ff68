// functions.invoke: the main journey of a job, and errors.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { connect, made, must, person } from './client.mjs';

let supabase;

before(async () => {
  ({ supabase } = await person());
});

test('a job is queued, made and kept', async () => {
  const asset = await made(supabase, { seed: 7 });
  assert.deepEqual([asset.asset_type, asset.mime_type, asset.generation_seed], ['image', 'image/png', 7]);
  const body = { action: 'save_to_library', assetId: asset.id, customTitle: 'My star' };
  const saved = must(await supabase.functions.invoke('workspace-actions', { body }));
  const kept = must(await supabase.from('user_library').select('id, custom_title').eq('id', saved.libraryAssetId).single());
  assert.equal(kept.custom_title, 'My star');
});

test('a refusal is an error with the answer beside it', async () => {
  const { data, error } = await supabase.functions.invoke('queue-job', { body: { jobType: 'sdxl' } });
  assert.equal(data, null);
  assert.equal(error.name, 'FunctionsHttpError');
  assert.equal(error.context.status, 422);
  const body = await error.context.json();
  assert.deepEqual([body.success, body.code], [false, 'invalid']);
});

test('a caller without a session cannot queue a job', async () => {
  const { error } = await connect().functions.invoke('queue-job', { body: { jobType: 'sdxl_image_fast' } });
  assert.equal(error.context.status, 401);
});

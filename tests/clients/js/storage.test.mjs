// storage: signed URLs, uploads into the caller's folder, lists and removals.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { made, must, person, queue } from './client.mjs';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC',
  'base64',
);

let mine;
let bucket;

before(async () => {
  mine = await person();
  bucket = mine.supabase.storage.from('workspace-temp');
});

test('a picture is fetched by its signed address, alone and among others', async () => {
  const asset = await made(mine.supabase);
  const { signedUrl } = must(await bucket.createSignedUrl(asset.temp_storage_path, 60));
  assert.equal((await fetch(signedUrl)).headers.get('content-type'), 'image/png');
  const several = must(await bucket.createSignedUrls([asset.temp_storage_path, `${mine.user.id}/nothing.png`], 60));
  assert.equal((await fetch(several[0].signedUrl)).status, 200);
  assert.ok(several[1].error);
  const blob = must(await bucket.download(asset.temp_storage_path));
  assert.equal(blob.type, 'image/png');
});

test('a reference is uploaded, listed, used and removed', async () => {
  const path = `${mine.user.id}/references/red.png`;
  assert.equal(must(await bucket.upload(path, PNG, { contentType: 'image/png' })).path, path);
  const twice = await bucket.upload(path, PNG, { contentType: 'image/png' });
  assert.match(twice.error.message, /exists/i);
  must(await bucket.upload(path, PNG, { contentType: 'image/png', upsert: true }));
  const listed = must(await bucket.list(`${mine.user.id}/references`));
  assert.deepEqual(listed.map(({ name }) => name), ['red.png']);
  const body = { jobType: 'sdxl_image_fast', metadata: { prompt: 'like this' }, referenceImageUrl: path };
  assert.equal(must(await mine.supabase.functions.invoke('queue-job', { body })).success, true);
  assert.deepEqual(must(await bucket.remove([path])).map(({ name }) => name), [path]);
  assert.deepEqual(must(await bucket.list(`${mine.user.id}/references`)), []);
});

test('an upload goes by a signed address of its own', async () => {
  const path = `${mine.user.id}/references/signed.png`;
  const { token } = must(await bucket.createSignedUploadUrl(path));
  must(await bucket.uploadToSignedUrl(path, token, PNG, { contentType: 'image/png' }));
  assert.equal(must(await bucket.exists(path)), true);
});

test('what is no picture, or not the caller\'s, is refused', async () => {
  const html = await bucket.upload(`${mine.user.id}/references/page.png`, '<html>', { contentType: 'image/png' });
  assert.ok(html.error);
  const other = await person();
  const elsewhere = await bucket.upload(`${other.user.id}/references/red.png`, PNG, { contentType: 'image/png' });
  assert.ok(elsewhere.error);
  const job = await queue(other.supabase);
  const outputs = await other.supabase.storage.from('workspace-temp').upload(`${other.user.id}/${job.id}/x.png`, PNG, { contentType: 'image/png' });
  assert.ok(outputs.error);
  const asset = await made(other.supabase);
  assert.ok((await bucket.createSignedUrl(asset.temp_storage_path, 60)).error);
  assert.deepEqual(must(await bucket.remove([asset.temp_storage_path])), []);
  assert.deepEqual(must(await bucket.list(other.user.id)), []);
});

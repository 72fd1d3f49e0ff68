// auth: offered by the local system, so that a front end can be developed without other servers.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { connect, must, person } from './client.mjs';

test('a person signs up, in, and out', async () => {
  const { supabase, user, email, password } = await person();
  assert.equal(must(await supabase.auth.getSession()).session.user.id, user.id);
  must(await supabase.auth.signOut());
  assert.equal(must(await supabase.auth.getSession()).session, null);
  const again = must(await supabase.auth.signInWithPassword({ email, password }));
  assert.equal(again.user.id, user.id);
  assert.equal(must(await supabase.auth.getUser()).user.email, email);
});

test('a session is refreshed, and an old refresh token is dead', async () => {
  const { supabase } = await person();
  const { session } = must(await supabase.auth.getSession());
  const fresh = must(await supabase.auth.refreshSession()).session;
  assert.notEqual(fresh.refresh_token, session.refresh_token);
  assert.deepEqual(must(await supabase.from('jobs').select('id')), []);
  must(await supabase.auth.signOut());
  const { error } = await connect().auth.refreshSession({ refresh_token: fresh.refresh_token });
  assert.equal(error.status, 400);
});

test('a wrong password, a taken address and a weak password each have their own error', async () => {
  const { email } = await person();
  const code = async (call) => (await call).error.code;
  const { auth } = connect();
  assert.equal(await code(auth.signInWithPassword({ email, password: 'not that one' })), 'invalid_credentials');
  assert.equal(await code(auth.signUp({ email, password: 'correct horse battery' })), 'user_already_exists');
  assert.equal(await code(auth.signUp({ email: 'new@example.com', password: 'x' })), 'weak_password');
});

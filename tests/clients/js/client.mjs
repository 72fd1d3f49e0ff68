// A supabase-js client of the system under test, created as a front end does, and helpers.

import { createClient } from '@supabase/supabase-js';
import ws from 'ws';

export const url = process.env.BASE;
export const anonKey = process.env.ANON_KEY;

// Node 20 has no built-in WebSocket; a browser needs no options.
const options = { auth: { persistSession: false, autoRefreshToken: false }, realtime: { transport: ws } };

export const connect = () => createClient(url, anonKey, options);

/** A client with a new, signed-up user. */
export async function person() {
  const supabase = connect();
  const email = `${crypto.randomUUID()}@example.com`;
  const password = 'correct horse battery';
  const user = must(await supabase.auth.signUp({ email, password })).user;
  return { supabase, user, email, password };
}

/** The data of a result; its error is thrown. */
export function must({ data, error }) {
  if (error) throw error;
  return data;
}

/** Wait until a condition returns a value, and return it. */
export async function until(met, what, seconds = 100) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    const found = await met();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited ${seconds} s for ${what}`);
}

/** Queue a job of one image. */
export async function queue(supabase, metadata = {}) {
  const body = { jobType: 'sdxl_image_fast', metadata: { prompt: 'a red star on blue', ...metadata } };
  return must(await supabase.functions.invoke('queue-job', { body })).job;
}

/** Queue a job and wait for its first asset. */
export async function made(supabase, metadata = {}) {
  const job = await queue(supabase, metadata);
  const [asset] = await until(async () => {
    const rows = must(await supabase.from('workspace_assets').select('*').eq('job_id', job.id));
    return rows.length && rows;
  }, 'the asset');
  return asset;
}

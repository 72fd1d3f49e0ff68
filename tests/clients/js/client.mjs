// A supabase-js client of the system that the tests run against, as a front end makes one.

import { createClient } from '@supabase/supabase-js';
import ws from 'ws';

export const url = process.env.BASE;
export const anonKey = process.env.ANON_KEY;

// Node 20 has no WebSocket of its own; a browser needs no options at all.
const options = { auth: { persistSession: false, autoRefreshToken: false }, realtime: { transport: ws } };

export const connect = () => createClient(url, anonKey, options);

/** A client with a user of its own, signed up just now. */
export async function person() {
  const supabase = connect();
  const email = `${crypto.randomUUID()}@example.com`;
  const password = 'correct horse battery';
  const user = must(await supabase.auth.signUp({ email, password })).user;
  return { supabase, user, email, password };
}

/** What a call gave; its error is thrown. */
export function must({ data, error }) {
  if (error) throw error;
  return data;
}

/** Wait until a condition gives something. */
export async function until(met, what, seconds = 100) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    const found = await met();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited ${seconds} s for ${what}`);
}

/** A job of one picture, queued. */
export async function queue(supabase, metadata = {}) {
  const body = { jobType: 'sdxl_image_fast', metadata: { prompt: 'a red star on blue', ...metadata } };
  return must(await supabase.functions.invoke('queue-job', { body })).job;
}

/** The first asset of a job that is queued now, once it is made. */
export async function made(supabase, metadata = {}) {
  const job = await queue(supabase, metadata);
  const [asset] = await until(async () => {
    const rows = must(await supabase.from('workspace_assets').select('*').eq('job_id', job.id));
    return rows.length && rows;
  }, 'the asset');
  return asset;
}

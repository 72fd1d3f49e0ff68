// Clients of many users in one process: each line of the input is a token. Prints `ready`, and then
// for each change its session's name and the time of its callback, in milliseconds of the epoch.

import { createInterface } from 'node:readline';

import { createClient } from '@supabase/supabase-js';
import ws from 'ws';

async function listen(token) {
  const supabase = createClient(process.env.BASE, process.env.ANON_KEY, {
    accessToken: async () => token,
    realtime: { transport: ws },
  });
  await supabase.realtime.setAuth(); // otherwise the first join is sent before the token is set
  await new Promise((resolve, reject) => {
    supabase
      .channel('sessions')
      .on('postgres_changes', { event: '*', schema: 'public', table: 'workspace_sessions' }, (change) => {
        const now = performance.timeOrigin + performance.now();
        process.stdout.write(`${change.new.session_name} ${now}\n`);
      })
      .subscribe((status, error) => {
        if (status === 'SUBSCRIBED') resolve();
        else if (status !== 'CLOSED') reject(error ?? new Error(status));
      });
  });
}

for await (const token of createInterface({ input: process.stdin })) await listen(token);
process.stdout.write('ready\n');

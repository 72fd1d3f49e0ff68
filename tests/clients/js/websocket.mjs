// Preloaded (`node --import`) for Node before 22, which has no WebSocket of its own.

import ws from 'ws';

globalThis.WebSocket ??= ws;

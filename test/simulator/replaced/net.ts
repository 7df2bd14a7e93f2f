/** `node:net` for a node whose engine is simulated: it may listen, and nobody connects. */

import { EventEmitter } from 'node:events';
import { time } from '../virtual-time.ts';

class SilentServer extends EventEmitter {
  listen(_address: object, listening: () => void): this {
    time.after(0, listening);
    return this;
  }

  close(closed: () => void): this {
    time.after(0, closed);
    return this;
  }
}

/** See the original. */
export function createServer(): SilentServer {
  return new SilentServer();
}

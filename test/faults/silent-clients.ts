/** `silent-clients.ts PORT COUNT`: opens connections that say nothing, tells how many stood at once, and counts those that are hung up on. */

import { connect } from 'node:net';

/** What it tells its parent. */
export type SilentReport = { readonly opened: number; readonly ended: number };

/** Connections of one step, and between two steps: thousands a second. */
const AT_ONCE = 40;
const STEP_MS = 20;

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
let [opened, ended, begun] = [0, 0, 0];

function open(): void {
  begun++;
  const socket = connect(port, '127.0.0.1', () => {
    opened++;
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    ended++;
  });
  socket.resume();
}

const steps = setInterval(() => {
  for (let i = 0; i < AT_ONCE && begun < count; i++) open();
  if (begun >= count) clearInterval(steps);
}, STEP_MS);
setInterval(() => process.send?.({ opened, ended } satisfies SilentReport), 100);
process.once('disconnect', () => process.exit(0));

/**
 * A device that dies at a named step of its life, for `sdk/device/src/crash.test.ts`:
 *   node device-crash.ts OUTBOX STEP
 * Writes `sent <sequence> <digest>` and `settled <sequence>` to stdout before it goes on, and is killed by its own SIGKILL.
 */

import { writeSync } from 'node:fs';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { Device } from '@oppidum/device/device';
import { openOutbox } from '@oppidum/device/outbox';
import { toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { nodeCrypto } from './crypto.ts';
import { makeReceipt } from './receipts.ts';

/** What parent and child agree on. */
export const CRASH = {
  audience: new Uint8Array(32).fill(7),
  shard: new Uint8Array(32).fill(8),
  seed: new Uint8Array(32).fill(9),
  shardSeed: new Uint8Array(32).fill(10),
  steps: ['opened', 'signed', 'durable', 'sent', 'accepted', 'flushed', 'refused', 'reported-again'],
} as const;

function dieAt(step: string, here: string): void {
  if (step === here) process.kill(process.pid, 'SIGKILL');
}

async function live(path: string, step: string): Promise<void> {
  const signer = ed25519Signer(CRASH.seed);
  const shardSigner = ed25519Signer(CRASH.shardSeed);
  const issuer = { shard: CRASH.shard, receiptKey: shardSigner.publicKey };
  const outbox = openOutbox({ path, crypto: nodeCrypto, audience: CRASH.audience });
  const id = deviceIdOf(nodeCrypto, signer.publicKey);
  const device = new Device({ crypto: nodeCrypto, id, keyNumber: 0, signer, outbox, issuers: { issuerOf: () => issuer } });
  dieAt(step, 'opened');
  const records = [{ sensor: 'level', unit: 'm', value: 1.5, timeMs: 1_800_000_000_000 }];
  const first = device.report(records, { cursor: 1 });
  dieAt(step, 'signed');
  await first;
  await device.report(records, { cursor: 2 });
  dieAt(step, 'durable');
  const unsent = device.unsent(0, 10);
  for (const { sequence, digest } of unsent) writeSync(1, `sent ${sequence} ${toHex(digest)}\n`);
  dieAt(step, 'sent');
  const [one, two] = unsent.map(({ sequence, digest }) => ({
    audience: CRASH.audience,
    shard: CRASH.shard,
    device: id,
    keyNumber: 0,
    sequence,
    digest,
  }));
  if (one === undefined || two === undefined) throw new Error('two messages were reported');
  device.acceptReceipt(makeReceipt(nodeCrypto, shardSigner, { ...one, index: 0 }));
  writeSync(1, `settled ${one.sequence}\n`);
  dieAt(step, 'accepted');
  outbox.flush();
  dieAt(step, 'flushed');
  device.acceptReceipt(makeReceipt(nodeCrypto, shardSigner, { ...two, refusal: 'SENML_FOREIGN_NAME' }));
  writeSync(1, `settled ${two.sequence}\n`);
  dieAt(step, 'refused');
  await device.report(records, { cursor: 3 });
  dieAt(step, 'reported-again');
}

const [path, step] = process.argv.slice(2);
if (import.meta.main && path !== undefined && step !== undefined) await live(path, step);

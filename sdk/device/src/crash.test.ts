import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { parseReading } from '@oppidum/formats/reading';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { CRASH } from '../../../test/support/device-crash.ts';
import { inFolder } from '../../../test/support/folder.ts';
import { Device } from './device.ts';
import { openOutbox } from './outbox.ts';

const SCRIPT = fileURLToPath(new URL('../../../test/support/device-crash.ts', import.meta.url));

/** What is certain after a crash at each step: how many messages are durable at least, and which are settled in the file. */
const DURABLE_AFTER: Readonly<Record<string, number>> = {
  opened: 0,
  signed: 0,
  durable: 2,
  sent: 2,
  accepted: 2,
  flushed: 2,
  refused: 2,
  'reported-again': 3,
};

for (const step of CRASH.steps) {
  test(`killed when ${step}: what was sent is kept or settled, and no sequence number comes again`, () =>
    inFolder({}, async (folder) => {
      const path = join(folder, 'outbox');
      const child = spawnSync(process.execPath, [SCRIPT, path, step], { encoding: 'utf8' });
      assert.equal(child.signal, 'SIGKILL', child.stderr);
      const lines = child.stdout
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(' '));
      const sent = new Map(lines.filter(([word]) => word === 'sent').map(([, sequence, digest]) => [Number(sequence), digest]));
      const settled = new Set(lines.filter(([word]) => word === 'settled').map(([, sequence]) => Number(sequence)));

      const outbox = openOutbox({ path, crypto: nodeCrypto, audience: CRASH.audience });
      const signer = ed25519Signer(CRASH.seed);
      const id = deviceIdOf(nodeCrypto, signer.publicKey);
      const device = new Device({ crypto: nodeCrypto, id, keyNumber: 0, signer, outbox, issuers: { issuerOf: () => null } });
      const kept = new Map(device.unsent(0, 10).map((unsent) => [unsent.sequence, unsent]));
      for (const [sequence, digest] of sent) {
        const unsent = kept.get(sequence);
        assert.ok(unsent !== undefined || settled.has(sequence), `message ${sequence} is neither kept nor settled`);
        if (unsent !== undefined) assert.equal(toHex(unsent.digest), digest);
      }
      const refused = new Set(device.refused().map(({ sequence }) => sequence));
      const count = kept.size + [...settled].filter((sequence) => !kept.has(sequence)).length;
      assert.ok(count >= (DURABLE_AFTER[step] ?? 0), `${count} messages survived`);
      for (const sequence of refused) assert.ok(settled.has(sequence) && !kept.has(sequence));

      const next = await device.report([{ sensor: 'level', unit: 'm', value: 2, timeMs: 1_800_000_001_000 }]);
      const highest = Math.max(0, ...sent.keys(), ...kept.keys());
      assert.ok(next.sequence > highest, `sequence ${next.sequence} after ${highest}`);
      for (const { sequence, envelope } of device.unsent(0, 10))
        assert.equal(parseReading(nodeCrypto, envelope).sequence, sequence);
      outbox.close();
    }));
}

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, encodeBase64, parseBase64 } from '@oppidum/formats/bytes';
import { openDataFolder } from '@oppidum/node/data-folder';
import { foundTestCity, inTemporaryFolder, runCity } from '../../../test/support/running-city.ts';
import { anchoredUpTo, enrolDevice, startShard } from '../../../test/support/running-shard.ts';

/** Where the process dies with the second reading, and how many readings the vault has then. */
const STEPS = { judging: 1, sealing: 1, kept: 2, anchored: 2 } as const;
type Step = keyof typeof STEPS;

const CRASH_FOLDER = process.env['OPPIDUM_TEST_CRASH_FOLDER'];

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Has one reading acknowledged and anchored, then dies at this step of the second. */
async function live(path: string, step: Step): Promise<void> {
  const city = await runCity(await openDataFolder({ folder: path, crypto }));
  let clockCalls = Number.NEGATIVE_INFINITY;
  // Asked once to judge the reading, once more when the group is about to be signed and stored.
  const deadlyCall = { judging: 1, sealing: 2, kept: 0, anchored: 0 }[step];
  const clock = (): number => {
    if (++clockCalls === deadlyCall) die();
    return Date.now();
  };
  const shard = await startShard(city, { clock });
  const lamp = await enrolDevice(city);
  const first = await shard.client.ingest(lamp.sign(1));
  assert.ok(first.kind === 'kept');
  await anchoredUpTo(shard, first.index);
  const second = lamp.sign(2);
  const [one] = shard.client.readings(0, 1);
  for (const bytes of [one?.envelope, first.receipt, second]) writeSync(1, `${encodeBase64(bytes as Bytes)}\n`);
  if (step === 'kept') shard.client.onKept(die);
  if (step === 'anchored') shard.client.onAnchored(die);
  if (deadlyCall > 0) clockCalls = 0;
  await shard.client.ingest(second);
  writeSync(1, 'acknowledged\n');
}

/** What the child said before it died. */
async function dieAt(path: string, step: Step): Promise<string[]> {
  const child = spawn(process.execPath, [import.meta.filename, step], {
    env: { ...process.env, OPPIDUM_TEST_CRASH_FOLDER: path, NODE_TEST_CONTEXT: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  const signal = await new Promise((done) => child.on('close', (_code, by) => done(by)));
  assert.equal(signal, 'SIGKILL');
  return output.split('\n').slice(0, -1);
}

if (CRASH_FOLDER !== undefined) await live(CRASH_FOLDER, process.argv[2] as Step);
else
  describe('a shard killed', () => {
    for (const [step, size] of Object.entries(STEPS) as [Step, number][]) {
      test(`while ${step}: what was acknowledged stands, what was sent again is kept once`, () =>
        inTemporaryFolder(async (path) => {
          (await foundTestCity(path)).release();
          const [one, receipt, two, last] = await dieAt(path, step);
          assert.equal(last, step === 'anchored' ? 'acknowledged' : undefined);
          const city = await runCity(await openDataFolder({ folder: path, crypto }));
          const shard = await startShard(city);
          assert.equal(shard.client.status().size, size);
          const [first, second] = [parseBase64(one!), parseBase64(two!)];
          const again = await shard.client.ingest(first);
          assert.ok(again.kind === 'kept');
          assert.deepEqual([again.index, encodeBase64(again.receipt)], [0, receipt]);
          const answer = await shard.client.ingest(second);
          assert.ok(answer.kind === 'kept');
          assert.equal(answer.index, 1);
          assert.equal(shard.client.status().size, 2);
          await anchoredUpTo(shard, 1);
          assert.equal((await shard.client.evidence(crypto.sha256(second))).fact, 'reading');
          await shard.close();
          await city.stop();
        }));
    }
  });

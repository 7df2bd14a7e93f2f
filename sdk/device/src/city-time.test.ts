import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { testNote, testPolicy, testValidators } from '../../../test/support/evidence.ts';
import { GENESIS_MS, namedId } from '../../../test/support/ledger.ts';
import { cityTime } from './city-time.ts';
import { DeviceClock } from './clock.ts';

const ORIGIN = `city.example/${'0'.repeat(64)}`;
const validators = testValidators('clock', 4);
const policy = testPolicy(ORIGIN, validators);
/** When the first cosigner of a test note signs; each further one a second later. */
const SIGNED_MS = GENESIS_MS + 3_600_000;

const [first] = validators;
const note = (size: number, by = validators.slice(0, 3)): Bytes =>
  testNote({ origin: ORIGIN, size, root: namedId(`root ${size}`) }, (first as (typeof validators)[0]).log, by);

/** A city that shows these checkpoints one after the other, the last for ever; its counter passes 100 ms with each question. */
function ask(notes: readonly Bytes[], timeoutMs = 2_000) {
  let [counterMs, asked] = [0, 0];
  const clock = new DeviceClock({ monotonic: { boot: 'b', nowMs: () => counterMs }, driftPpm: 0, errorMaxMs: 1e9 });
  const checkpoint = async (): Promise<Bytes> => {
    counterMs += 100;
    return notes[Math.min(asked++, notes.length - 1)] as Bytes;
  };
  return { clock, source: cityTime({ crypto: nodeCrypto, policy, clock, checkpoint, pollMs: 0, timeoutMs }) };
}

test('a checkpoint that was seen to appear tells the time, to a second and the time of two questions', async () => {
  const { source } = ask([note(5), note(5), note(6)]);
  assert.deepEqual(await source.ask(), { timeMs: SIGNED_MS + 600, errorMs: 600 });
});

test('a checkpoint that was there before proves only how late it is at least: TIME_SOURCE_UNREACHABLE, and no clock stays behind it', async () => {
  const { clock, source } = ask([note(5)]);
  clock.set({ timeMs: SIGNED_MS - 90_000, errorMs: 1_000 });
  await assert.rejects(source.ask(), { code: 'TIME_SOURCE_UNREACHABLE' });
  assert.equal(clock.now(), null);
  const older = ask([note(6), note(5)]);
  await assert.rejects(older.source.ask(), { code: 'TIME_SOURCE_UNREACHABLE' }, 'an older one is nothing new');
});

test('whom the policy does not know tells no time: QUORUM_MISSING, SIGNATURE_INVALID, LOG_UNKNOWN', async () => {
  await assert.rejects(ask([note(5, validators.slice(0, 2))]).source.ask(), { code: 'QUORUM_MISSING' });
  const forged = testValidators('mallory', 4).map(({ cosigner }, n) => ({ name: `clock-${n}`, cosigner }));
  await assert.rejects(
    ask([testNote({ origin: ORIGIN, size: 5, root: namedId('r') }, (first as (typeof validators)[0]).log, forged)]).source.ask(),
    {
      code: 'QUORUM_MISSING',
    },
  );
  const elsewhere = testNote(
    { origin: `other.example/${'0'.repeat(64)}`, size: 5, root: namedId('r') },
    (first as (typeof validators)[0]).log,
    [],
  );
  await assert.rejects(ask([elsewhere]).source.ask(), { code: 'LOG_UNKNOWN' });
});

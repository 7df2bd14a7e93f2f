import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { lightingCabinetsSchema } from '@oppidum/formats/lighting-cabinets';
import { openForWriting } from '../read-model/database.ts';
import { AccountDesk, type AccountQuestion, endOfAnswer } from './account-desk.ts';
import { intervalsOf } from './live-accounts.ts';

const idOf = (name: string) => nativeCrypto.sha256(encodeUtf8(name));
const curve = [
  { level: 0, powerMw: 0 },
  { level: 1_000, powerMw: 60_000 },
];
const body = encodeBy(lightingCabinetsSchema, {
  ...{ version: 1, level: 'dimming', curves: [curve] },
  cabinets: [
    {
      ...{ name: 'Cabinet', meter: { device: idOf('meter'), name: 'lamps' }, standingMw: 0, steadyPermille: 0 },
      ...{ wavering: { meterMw: 0, lampsPermille: 0 }, lamps: [{ device: idOf('lamp'), curve: 0 }] },
    },
  ],
});

function question(by: string, name: string, its = body): AccountQuestion<'cabinets'> {
  return { by, name, task: { kind: 'cabinets', body: its, first: 0, end: 1, span: intervalsOf(0, 3_600_000) } };
}

function openDesk(t: { after: (end: () => unknown) => void }, timeMsMax?: number): AccountDesk {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-accounts-'));
  const file = join(folder, 'read-model.sqlite');
  openForWriting(file).close();
  const desk = new AccountDesk(file, timeMsMax);
  t.after(async () => {
    await desk.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return desk;
}

test('one account at a time for everybody, two that wait for each; who asks for the same waits for the same', async (t) => {
  const desk = openDesk(t);
  const first = desk.ask(question('ada', 'one'));
  assert.equal(desk.ask(question('bo', 'one')), first);
  const second = desk.ask(question('ada', 'two'));
  await assert.rejects(desk.ask(question('ada', 'three')), { code: 'OVERLOADED' });
  const other = desk.ask(question('bo', 'three'));
  for (const made of [first, second, other])
    assert.deepEqual(
      (await made).map(({ name, intervalCount, account }) => [name, intervalCount, account]),
      [['Cabinet', 0, null]],
    );
  await desk.ask(question('ada', 'four'));
});

test('eight wait at most, whoever they are', async (t) => {
  const desk = openDesk(t);
  const waiting = Array.from({ length: 8 }, (_, i) => desk.ask(question(`caller ${i}`, `account ${i}`)));
  const ended = Promise.allSettled(waiting);
  await assert.rejects(desk.ask(question('one more', 'account 8')), { code: 'OVERLOADED' });
  await desk.close();
  const states = (await ended).map(({ status }) => status);
  assert.equal(states.at(-1), 'rejected', 'who closes makes no more');
});

test('an account that takes too long is given up, and the next one is made', async (t) => {
  const desk = openDesk(t, 0);
  await assert.rejects(desk.ask(question('ada', 'one')), { code: 'OVERLOADED' });
  await assert.rejects(desk.ask(question('ada', 'two')), { code: 'OVERLOADED' });
});

test('a thread that breaks ends its own account and no other', async (t) => {
  const desk = openDesk(t);
  await assert.rejects(desk.ask(question('ada', 'one', Uint8Array.of(0xff))), { code: /^[A-Z_]+$/ });
  assert.equal((await desk.ask(question('ada', 'two'))).length, 1);
});

test('an answer holds whole cabinets up to so many lamps, and one in any case', () => {
  const cabinets = [3, 2, 9, 1].map((count) => ({ lamps: Array.from({ length: count }, () => ({})) }));
  const document = { cabinets } as unknown as Parameters<typeof endOfAnswer>[0];
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((first) => endOfAnswer(document, first, 5)),
    [2, 2, 3, 4, 4],
  );
});

test('short spans have intervals of their own length, long ones whole quarters of an hour', () => {
  assert.deepEqual(intervalsOf(1, 14_400_001), { fromMs: 0, toMs: 14_400_000, intervals: 120 });
  // The seven seconds left over at the end would count for ninety.
  assert.deepEqual(intervalsOf(97_000, 10_897_000), { fromMs: 90_000, toMs: 10_890_000, intervals: 120 });
  assert.deepEqual(intervalsOf(1, 14_400_002), { fromMs: 0, toMs: 15_300_000, intervals: 17 });
});

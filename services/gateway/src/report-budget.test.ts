import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { activateDevice, reportFirmware } from '@oppidum/device/actions';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { encodeDeviceReport } from '@oppidum/formats/device-report';
import { deviceIdOf } from '@oppidum/formats/ids';
import { actionOf, envelopeOf, execute, freshBytes, type RunningCity } from '../../../test/support/running-city.ts';
import { enrolDevice, withDoors } from '../../../test/support/running-gateway.ts';
import { ReportBudget } from './report-budget.ts';

const MINUTE_MS = 60_000;

/** A budget whose clock the test moves. */
function makeBudget(perMinute: number) {
  const clock = { nowMs: 5_000 };
  const budget = new ReportBudget({ perMinute, now: () => clock.nowMs });
  return { clock, budget, take: (device: string, model: string) => budget.take({ device, model })?.code ?? 'OK' };
}
/** How many of the tries in turn were taken. */
function countTaken(tries: number, attempt: (n: number) => string): number {
  return Array.from({ length: tries }, (_, n) => attempt(n)).filter((code) => code === 'OK').length;
}

test('stolen keys of a whole model, however many, use up half of a minute and leave the other half to other models', () => {
  const { take, budget } = makeBudget(600);
  const thief = (n: number) => take(`stolen ${n}`, 'lamp');
  assert.equal(countTaken(5_000, thief), 300);
  assert.equal(thief(6_000), 'REPORTS_SPENT');
  assert.equal(
    countTaken(100, (n) => take(`meter ${n}`, 'meter')),
    100,
  );
  assert.equal(budget.left(), 200);
});

test('each further model that is misused takes half of what is left, and one that comes last still gets through', () => {
  const { take, budget } = makeBudget(600);
  for (let model = 0; model < 8; model++) countTaken(1_000, (n) => take(`${model} ${n}`, `stolen ${model}`));
  assert.ok(budget.left() > 0);
  assert.equal(take('honest', 'honest'), 'OK');
});

test('a few devices that report again and again leave room to those of their model that were silent', () => {
  const { take, clock } = makeBudget(90);
  const noisy = (n: number) => take(`noisy ${n % 20}`, 'lamp');
  assert.equal(countTaken(1_000, noisy), 45, 'the first three of each are as good as those of anybody');
  clock.nowMs += MINUTE_MS;
  countTaken(1_000, noisy);
  clock.nowMs += MINUTE_MS;
  assert.equal(countTaken(1_000, noisy), 30);
  assert.equal(
    countTaken(100, (n) => take(`silent ${n}`, 'lamp')),
    15,
  );
  assert.equal(take('meter', 'meter'), 'OK');
});

test('one device has six in a minute and twelve in an hour; the refusal says when the next is taken', () => {
  const { budget, take, clock } = makeBudget(600);
  const one = { device: 'a', model: 'lamp' };
  assert.equal(
    countTaken(20, () => take('a', 'lamp')),
    6,
  );
  clock.nowMs += 20_000;
  const details = { device: 'a', perMinute: 6, retryAfterS: 40 };
  assert.deepEqual(budget.take(one), { code: 'RATE_LIMITED', details });
  clock.nowMs += 40_000;
  assert.equal(
    countTaken(20, () => take('a', 'lamp')),
    6,
  );
  clock.nowMs += MINUTE_MS;
  assert.deepEqual(budget.take(one), { code: 'RATE_LIMITED', details: { device: 'a', perHour: 12, retryAfterS: 3_480 } });
  clock.nowMs += 3_480_000;
  assert.equal(take('a', 'lamp'), 'OK');
});

test('no more than the whole is ever carried in a minute, and the next one begins anew', () => {
  const { take, clock, budget } = makeBudget(60);
  const all = (): number => countTaken(3_000, (n) => take(`device ${n}`, `model ${n % 300}`));
  assert.equal(all(), 60);
  assert.deepEqual(budget.take({ device: 'late', model: 'late' })?.details, { model: 'late', perMinute: 60, retryAfterS: 60 });
  clock.nowMs += MINUTE_MS - 1;
  assert.equal(take('late', 'late'), 'REPORTS_SPENT');
  clock.nowMs += 1;
  assert.equal(budget.left(), 60);
  assert.equal(take('late', 'late'), 'OK');
});

test('a minute of which nothing is left for one model has room for another, over HTTP, and it is counted', async () => {
  let nowMs = 0;
  await withDoors(
    async ({ city, gateway }) => {
      const lamp = await enrolDevice(city);
      const meter = await enrolDevice(city);
      const permitted = freshBytes(32);
      for (const id of [lamp.model, meter.model]) await permit(city, id, permitted);
      const stolen = await Promise.all(Array.from({ length: 3 }, () => enrolAs(city, lamp.model)));
      const report = async ({ id, signer }: Speaker, counter: number): Promise<readonly [code: string, wait: string | null]> => {
        const action = reportFirmware(city.client.genesisHash, { id, keyNumber: 0, counter, digest: permitted }, signer);
        const response = await fetch(`${gateway.http}/api/v1/devices/${toHex(id)}/report`, {
          ...{ method: 'POST', headers: { 'content-type': 'application/cbor' } },
          body: Buffer.from(encodeDeviceReport([action])),
        });
        const { code = 'OK' } = (await response.json()) as { readonly code?: string };
        assert.equal(response.status, code === 'OK' ? 200 : 429);
        return [code, response.headers.get('retry-after')];
      };
      const [first, second, third] = stolen as [Speaker, Speaker, Speaker];
      for (const device of [first, second])
        for (const counter of [1, 2]) assert.deepEqual(await report(device, counter), ['OK', null]);
      nowMs = 15_000;
      const height = city.client.head().height;
      assert.deepEqual(await report(third, 1), ['REPORTS_SPENT', '45']);
      assert.equal(city.client.head().height, height, 'no block');
      assert.deepEqual(await report(meter, 1), ['OK', null]);
      const text = await (await fetch(`${gateway.http}/metrics`)).text();
      assert.match(text, /^oppidum_device_reports_total\{outcome="carried"\} 5$/m);
      assert.match(text, /^oppidum_device_reports_total\{outcome="limited"\} 1$/m);
      assert.match(text, /^oppidum_device_reports_left 3$/m);
      assert.match(text, /^oppidum_requests_refused_total\{code="REPORTS_SPENT"\} 1$/m);
      nowMs = MINUTE_MS;
      assert.deepEqual(await report(third, 1), ['OK', null]);
    },
    { reportsPerMinute: 8, now: () => nowMs },
  );
});

type Speaker = { readonly id: Bytes; readonly signer: Signer };

async function permit({ client, operator }: RunningCity, id: Bytes, digest: Bytes): Promise<void> {
  const image = { id, digest, name: 'lampd', version: '1', size: 9, metadata: freshBytes(32) };
  assert.equal((await execute(client, envelopeOf(client, operator, [actionOf('model/permit-firmware', image)]))).code, 'OK');
}

/** One more active device of this model. */
async function enrolAs({ client, operator }: RunningCity, model: Bytes): Promise<Speaker> {
  const signer = ed25519Signer(freshBytes(32));
  const id = deviceIdOf(nativeCrypto, signer.publicKey);
  const key = { algorithm: signer.algorithm, publicKey: signer.publicKey };
  const register = actionOf('device/register', { id, model, key, grade: 'device' });
  const registered = await execute(client, envelopeOf(client, operator, [register]));
  assert.equal(registered.code, 'OK');
  const activation = activateDevice(client.genesisHash, registered.id, { id, signer });
  assert.equal((await execute(client, envelopeOf(client, operator, [activation]))).code, 'OK');
  return { id, signer };
}

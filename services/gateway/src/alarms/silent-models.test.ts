import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { activateDevice } from '@oppidum/device/actions';
import { encodePack } from '@oppidum/device/reading-pack';
import { alarmId } from '@oppidum/formats/alarm';
import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { signReading } from '@oppidum/formats/reading';
import type { Action } from '@oppidum/formats/transaction';
import { pino } from 'pino';
import { actionOf, envelopeOf, execute, freshBytes } from '../../../../test/support/running-city.ts';
import { enrolDevice, eventually, type RunningDoors, withDoors } from '../../../../test/support/running-gateway.ts';
import type { AlarmJson } from '../api/alarms.ts';
import type { SilentDevice } from '../read-model/alarm-queries.ts';
import { AlarmWatch } from './alarm-watch.ts';
import { SilentCount, SilentModels } from './silent-models.ts';

/** So many devices of an owner, silent one after the other from `fromMs` on. */
const silent = (owner: string, count: number, fromMs = 0): readonly SilentDevice[] =>
  Array.from({ length: count }, (_, i) => ({ device: `${owner} ${i}`, model: 'lamp', owner, sender: i, lastMs: fromMs + i }));
/** Looks at all of them at once. */
const look = (known: SilentModels, devices: readonly SilentDevice[], openedAt: (model: string) => number | null) => {
  const count = new SilentCount(openedAt);
  for (const device of devices) count.add(device);
  return known.look(count);
};
const inTurn = (...groups: readonly (readonly SilentDevice[])[]) => groups.flat().toSorted((a, b) => a.lastMs - b.lastMs);
const closed = () => null;
const openSince = (ms: number) => () => ms;

test('nine silent devices of one owner leave those of another their own alarms', () => {
  const { single, models } = look(new SilentModels(), inTurn(silent('anna', 9), silent('bela', 8)), closed);
  assert.deepEqual(
    single.map(({ device }) => device),
    silent('bela', 8).map(({ device }) => device),
  );
  assert.deepEqual(
    models.map(({ count, isAnew, opening }) => [count, isAnew, opening.device]),
    [[9, false, 'anna 8']],
  );
});

test('the ninth of a further owner opens it anew, and nobody is called twice for the same', () => {
  const known = new SilentModels();
  look(known, silent('anna', 40), closed);
  const both = inTurn(silent('anna', 40), silent('bela', 9, 100));
  assert.deepEqual(look(known, silent('anna', 40), openSince(35)).models[0]?.isAnew, false);
  const [anew] = look(known, both, openSince(35)).models;
  assert.deepEqual([anew?.count, anew?.isAnew, anew?.opening.device], [49, true, 'bela 8']);
  assert.equal(look(known, both, openSince(108)).models[0]?.isAnew, false);
});

test('of one owner it calls at 9, 18 and 36, not at every device between, and not since some of them came back', () => {
  const known = new SilentModels();
  const calls: number[] = [];
  for (let count = 1; count <= 40; count++) {
    const [found] = look(known, silent('anna', count), count > 9 ? openSince(count) : closed).models;
    if (found !== undefined && (found.isAnew || count === 9)) calls.push(count);
  }
  assert.deepEqual(calls, [9, 18, 36]);
  for (const count of [17, 18, 12, 36, 20])
    assert.equal(look(known, silent('anna', count), openSince(40)).models[0]?.isAnew, false, `${count}`);
  assert.deepEqual(look(known, silent('anna', 8), openSince(40)).models, []);
  const bela = silent('bela', 9);
  look(known, inTurn(silent('anna', 20), bela), openSince(40));
  look(known, inTurn(silent('anna', 8), bela), openSince(40));
  const [again] = look(known, inTurn(silent('anna', 9), bela), openSince(40)).models;
  assert.equal(again?.isAnew, true, 'it was over for her meanwhile');
});

test('who begins to look, after a restart, takes it as opened for those who were silent then', () => {
  const both = inTurn(silent('anna', 12), silent('bela', 9, 100));
  assert.equal(look(new SilentModels(), both, openSince(200)).models[0]?.isAnew, false);
  assert.equal(look(new SilentModels(), both, openSince(50)).models[0]?.isAnew, true);
});

const SILENT_MS = 16 * 60_000;

test('an owner who has the alarm of his nine devices acknowledged has silenced nothing of another owner', () =>
  withDoors(async (doors) => {
    const { city, gateway } = doors;
    const { model } = await enrolDevice(city);
    const [own, others] = [await enrolMany(doors, model, 9), await enrolMany(doors, model, 9)];
    const buyer = city.telemetry.account;
    await mustAct(
      doors,
      own.map(({ id }) => actionOf('device/vouch', { id, owner: buyer })),
    );
    let nowMs = Date.now();
    const { readModel } = gateway;
    await gateway.alarms.stop();
    const watch = new AlarmWatch({
      ...{ node: city.client, shards: [doors.shard.client], readModel, logger: pino({ level: 'silent' }), clock: () => nowMs },
    });
    const lookAfter = async (ms: number): Promise<void> => {
      await eventually(
        async () => readModel.lag(),
        ({ blocks, readings }) => blocks === 0 && readings === 0,
      );
      nowMs += ms;
      await watch.look();
    };
    const id = toHex(alarmId(nativeCrypto, { cause: 'model-silent', subject: model }));
    const alarm = (isIt: (found: AlarmJson) => boolean) =>
      eventually(async () => (await (await fetch(`${gateway.http}/api/v1/alarms/${id}`)).json()) as AlarmJson, isIt);
    for (const { say } of own) await say();
    await lookAfter(0);
    await lookAfter(SILENT_MS);
    const first = await alarm(({ state }) => state === 'open');
    assert.equal(first.detail, '9');
    const opening = parseHex(first.opening.id);
    await mustAct(doors, [
      actionOf('alarm/acknowledge', { cause: 'model-silent', subject: model, opening, response: 'planned-work' }),
    ]);
    await alarm(({ state }) => state === 'acknowledged');
    for (const { say } of others) await say();
    await lookAfter(SILENT_MS);
    const second = await alarm(({ state }) => state === 'open');
    assert.deepEqual([second.detail, second.called, second.openingCount], ['18', 'operator', 2]);
    const { device } = (await (await fetch(`${gateway.http}/api/v1/readings/${second.opening.id}`)).json()) as { device: string };
    assert.ok(
      others.some(({ id: other }) => toHex(other) === device),
      'it names a device of the other owner',
    );
    await lookAfter(0);
    assert.equal((await alarm(() => true)).openingCount, 2);
  }));

type Speaker = { readonly id: Bytes; readonly say: () => Promise<void> };

async function mustAct({ city }: RunningDoors, actions: readonly Action[]) {
  const executed = await execute(city.client, envelopeOf(city.client, city.operator, actions));
  assert.equal(executed.code, 'OK');
  return executed;
}

/** Active devices of this model, of its maker. */
async function enrolMany(doors: RunningDoors, model: Bytes, count: number): Promise<readonly Speaker[]> {
  const audience = doors.city.client.genesisHash;
  const made = Array.from({ length: count }, () => {
    const signer = ed25519Signer(freshBytes(32));
    return { signer, id: deviceIdOf(nativeCrypto, signer.publicKey) };
  });
  const registrations = made.map(({ id, signer: { algorithm, publicKey } }) =>
    actionOf('device/register', { id, model, key: { algorithm, publicKey }, grade: 'device' }),
  );
  const registered = await mustAct(doors, registrations);
  await mustAct(
    doors,
    made.map((device) => activateDevice(audience, registered.id, device)),
  );
  return made.map(({ id, signer }) => ({
    id,
    say: async () => {
      const header = { audience, device: id, keyNumber: 0, sequence: 1, nonce: freshBytes(16) };
      const pack = encodePack(id, [{ sensor: 'power', unit: 'W', value: 1, timeMs: Date.now() }]);
      await doors.shard.client.ingest(signReading(signer, header, pack));
    },
  }));
}

/**
 * A real city with a zone of lamps, and lamps that take orders over MQTT by the rules of core/proofs alone: not by the agent of the SDK, so that
 * what the gateway hands over is judged by something else.
 */

import assert from 'node:assert/strict';
import { lookupIn } from '@oppidum/contracts/domains/domain';
import { registryWith } from '@oppidum/contracts/registry';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, compareBytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { parseCompactOrder } from '@oppidum/formats/compact-order';
import type { Signer } from '@oppidum/formats/crypto';
import { draftChallenge } from '@oppidum/formats/device-challenge';
import { type Envelope, envelopeSchema } from '@oppidum/formats/envelope';
import { orderId } from '@oppidum/formats/order-statement';
import { parsePolicy } from '@oppidum/formats/policy';
import { parseReadingAnswers } from '@oppidum/formats/reading-answers';
import { parseReceipt } from '@oppidum/formats/receipt';
import { type StatementSignature, signStatement } from '@oppidum/formats/statement';
import { encodeKeySet, type KeySet } from '@oppidum/formats/zone-statements';
import type { OrderDraftJson } from '@oppidum/gateway/api/orders';
import { type DataFolder, openDataFolder } from '@oppidum/node/data-folder';
import type { CityOptions } from '@oppidum/node/open-city';
import { challengeOf, verifyOrder } from '@oppidum/proofs/verify-order';
import { TestLink } from './mqtt-device.ts';
import { actionOf, envelopeOf, execute, foundTestCity, freshBytes, inTemporaryFolder, runCity } from './running-city.ts';
import { enrolDevice, type RunningDoors, runGateway, runShard, type TestDevice } from './running-gateway.ts';

/** Lamps that dim, brighten and go out; darkness is dangerous, light is safe. */
const LAMPS = {
  name: 'lamps',
  commands: { 'lamp/level': { dangerous: false, safe: true }, 'lamp/off': { dangerous: true, safe: false } },
  documents: {},
  checkOrder: () => null,
};
const registry = registryWith(lookupIn([LAMPS]));

/** Everything over the city in a folder, which is founded when it is not there. */
export async function runOrderDoors(
  folder: string,
  isNew = true,
  startEngine: (folder: DataFolder) => Partial<CityOptions> = () => ({}),
): Promise<RunningDoors> {
  const held = isNew ? await foundTestCity(folder) : await openDataFolder({ folder, crypto: nativeCrypto });
  const city = await runCity(held, { registry, ...startEngine(held) });
  const shard = await runShard(city, {});
  const gateway = await runGateway(city, { registry, shards: [shard.client] });
  const close = async (): Promise<void> => {
    await gateway.close();
    await shard.close();
    await city.stop();
  };
  return { city, shard, gateway, close };
}

/** The same in a folder of its own, with a zone. */
export async function openOrderDoors(): Promise<{
  readonly doors: RunningDoors;
  readonly zone: TestZone;
  readonly close: () => Promise<void>;
}> {
  const opened = Promise.withResolvers<RunningDoors>();
  const ended = Promise.withResolvers<void>();
  const whole = inTemporaryFolder(async (folder) => {
    const doors = await runOrderDoors(folder);
    opened.resolve(doors);
    await ended.promise;
    await doors.close();
  });
  whole.catch(opened.reject);
  const doors = await opened.promise;
  const close = (): Promise<void> => {
    ended.resolve();
    return whole;
  };
  return { doors, zone: await makeZone(doors), close };
}

export type TestZone = {
  readonly id: Bytes;
  readonly hex: string;
  readonly keySet: KeySet;
  readonly envelope: Envelope;
  readonly signers: readonly Signer[];
};

const ENVELOPE = {
  ...{ independence: 'device' as const, grade: 'device' as const, quantities: [], rules: [] },
  safe: [{ command: 'lamp/level', arguments: [{ min: 100, max: 100 }] }],
  dangerous: ['lamp/off'],
  ...{ lifetimeMsMax: 60_000, dangerousLifetimeMsMax: 30_000 },
};

/** A zone of two order keys, or of these: one signs orders, all of them what is dangerous. */
export async function makeZone(
  { city }: Pick<RunningDoors, 'city'>,
  changes: Partial<Envelope> = {},
  domain = 'lamps',
  keys: readonly Signer[] = [ed25519Signer(freshBytes(32)), ed25519Signer(freshBytes(32))],
): Promise<TestZone> {
  const id = freshBytes(32);
  const signers = keys.toSorted((a, b) => compareBytes(a.publicKey, b.publicKey));
  const place = { city: city.client.genesisHash, zone: id, version: 1 };
  const keySet = { ...place, keys: signers.map(({ publicKey }) => publicKey), threshold: 1, dangerousThreshold: signers.length };
  const envelope: Envelope = { ...place, previous: new Uint8Array(32), ...ENVELOPE, ...changes };
  const statement = encodeBy(envelopeSchema, envelope);
  const signatures = signStatement(
    nativeCrypto,
    'envelope',
    statement,
    signers.map((signer, key) => ({ key, signer })),
  );
  const body = { id, name: 'Old town', domain, keySet: encodeKeySet(keySet), envelope: statement, signatures };
  await act(city, 'zone/create', body);
  return { id, hex: toHex(id), keySet, envelope, signers };
}

/** By the operator; throws unless it took effect. */
export async function act(city: RunningDoors['city'], kind: string, body: object): Promise<void> {
  const { code, details } = await execute(city.client, envelopeOf(city.client, city.operator, [actionOf(kind, body)]));
  assert.equal(code, 'OK', `${kind} ${JSON.stringify(details)}`);
}

/** What `model/describe` says of their model. */
export const LAMP_COMMANDS = [
  { name: 'lamp/level', parameters: [{ name: 'percent', min: 0, max: 100, unit: '%' }] },
  { name: 'lamp/off', parameters: [] },
];

/** An active lamp of the zone. */
export async function enrolLamp(
  { city }: RunningDoors,
  zone: TestZone,
  options: { readonly label?: string } = {},
): Promise<TestDevice> {
  const lamp = await enrolDevice(city, options);
  await act(city, 'model/describe', { id: lamp.model, commands: LAMP_COMMANDS, sensors: [] });
  await act(city, 'zone/add-devices', { zone: zone.id, devices: [lamp.id] });
  return lamp;
}

/** A lamp that obeys what is proven, and answers. */
export class TestLamp {
  readonly device: TestDevice;
  readonly seen: { readonly order: string; readonly size: number; readonly code: string }[] = [];
  readonly done: string[] = [];
  readonly #doors: RunningDoors;
  readonly #zone: TestZone;
  readonly #link: TestLink;
  #challenge: Bytes = freshBytes(32);
  #number: number;
  #sequence: number;
  /** False: it takes orders and says nothing. */
  answers = true;

  private constructor(doors: RunningDoors, zone: TestZone, device: TestDevice, link: TestLink, from: number) {
    this.device = device;
    this.#doors = doors;
    this.#zone = zone;
    this.#link = link;
    [this.#number, this.#sequence] = [from, from];
  }

  /** `from`: above every number of challenges and readings that it used before. */
  static async connect(doors: RunningDoors, zone: TestZone, device: TestDevice, from = 0): Promise<TestLamp> {
    const link = await TestLink.open(doors, device);
    const lamp = new TestLamp(doors, zone, device, link, from);
    link.client.on('message', (topic, payload) => {
      // What it says while its connection ends is lost, as a power cut would have it.
      if (topic.endsWith('/order')) lamp.#take(new Uint8Array(payload)).catch(() => undefined);
    });
    await link.client.subscribeAsync(`${link.topic}order`, { qos: 1 });
    await lamp.renew();
    return lamp;
  }

  /** Draws the next challenge. */
  async renew(): Promise<void> {
    this.#challenge = freshBytes(32);
    const { id, signer } = this.device;
    const body = {
      city: this.#doors.city.client.genesisHash,
      device: id,
      challenge: this.#challenge,
      keyNumber: 0,
      number: ++this.#number,
    };
    const { toBeSigned, seal } = draftChallenge(nativeCrypto, body);
    await this.#link.publish(seal(signer.sign(toBeSigned)), { qos: 1 }, `${this.#link.topic}ack`);
  }

  end(): Promise<void> {
    return this.#link.end();
  }

  async #take(message: Bytes): Promise<void> {
    const compact = parseCompactOrder(message);
    const id = toHex(orderId(nativeCrypto, compact.statement));
    const policy = parsePolicy(nativeCrypto, this.#doors.city.client.policyFile());
    const { keySet, envelope } = this.#zone;
    const refused = verifyOrder(nativeCrypto, compact, { device: this.device.id, keySet, envelope, policyOf: () => policy });
    const code = refused?.code ?? (equalBytes(challengeOf(compact), this.#challenge) ? 'OK' : 'CHALLENGE_SPENT');
    const known = this.done.includes(id);
    this.seen.push({ order: id, size: message.length, code: known ? 'KNOWN' : code });
    if (known || !this.answers) return;
    if (code === 'OK') this.done.push(id);
    await this.say(code === 'OK' ? 'order/applied' : 'order/rejected', code === 'OK' ? id : `${id} ${code}`);
    await this.renew();
  }

  /** Signs and sends one record. */
  async say(sensor: string, value: string): Promise<void> {
    await this.#link.publish(this.device.reading(++this.#sequence, [{ sensor, value, timeMs: Date.now() }]));
  }
}

/** What these keys of the zone sign under a statement. */
export function signOrder({ signers }: TestZone, statement: Bytes, keys: readonly number[]): StatementSignature[] {
  return signStatement(
    nativeCrypto,
    'order',
    statement,
    keys.map((key) => ({ key, signer: signers[key] as Signer })),
  );
}

/** POST of JSON. */
export function postJson({ gateway }: RunningDoors, path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${gateway.http}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** A draft of the gateway, as bytes; throws with its problem. */
export async function draft(doors: RunningDoors, wish: object): Promise<OrderDraftJson & { readonly bytes: Bytes }> {
  const answer = await postJson(doors, '/api/v1/orders/draft', wish);
  const json = (await answer.json()) as OrderDraftJson & { readonly code?: string };
  if (answer.status !== 200) throw new Error(json.code);
  return { ...json, bytes: new Uint8Array(Buffer.from(json.statement, 'base64')) };
}

/** Issues what was drafted; answers the code of the ledger. */
export async function issue(
  { city }: RunningDoors,
  zone: TestZone,
  statement: Bytes,
  keys: readonly number[] = [0],
): Promise<string> {
  const action = actionOf('order/issue', { statement, signatures: signOrder(zone, statement, keys) });
  return (await execute(city.client, envelopeOf(city.client, city.operator, [action]))).code;
}

/** Sends a reading over HTTP; answers OK or the code of its refusal. */
export async function sendReading({ gateway }: RunningDoors, reading: Bytes): Promise<string> {
  const answer = await fetch(`${gateway.http}/api/v1/readings`, {
    method: 'POST',
    headers: { 'content-type': 'application/cose' },
    body: Buffer.from(reading),
  });
  const [first] = parseReadingAnswers(await answer.bytes());
  if (first?.receipt === undefined) return first?.code ?? 'no answer';
  return parseReceipt(first.receipt).leaf.refusal ?? 'OK';
}

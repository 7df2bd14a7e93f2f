/**
 * A telemetry shard on a real city in a temporary folder, with a maker whose devices sign readings.
 *
 *   const shard = await startShard(city);
 *   const lamp = await enrolDevice(shard);
 *   const answer = await shard.client.ingest(lamp.sign(1));
 */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { deviceIdOf, deviceUrnPrefix } from '@oppidum/formats/ids';
import { activationChallenge, rotationChallenge } from '@oppidum/formats/possession';
import { type ReadingHeader, signReading } from '@oppidum/formats/reading';
import type { SenmlRecord } from '@oppidum/formats/senml';
import { encodeSenmlCbor } from '@oppidum/formats/senml-cbor';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import type { NodeClient } from '@oppidum/node/client';
import { declareShard } from '@oppidum/telemetry/declare-shard';
import { type OpenShard, openShard, type ShardOptions } from '@oppidum/telemetry/open-shard';
import { actionOf, envelopeOf, execute, freshBytes, type RunningCity } from './running-city.ts';

/** Declares shard 0 where it is not, and opens it. */
export async function startShard(city: RunningCity, options: Partial<ShardOptions> = {}): Promise<OpenShard> {
  const { client, operator, telemetry, folder } = city;
  const place = { client, crypto: nativeCrypto, folder: folder.paths.shard(0), number: 0, randomBytes: freshBytes };
  await declareShard({ ...place, signer: operator, anchorAccount: telemetry.account, clock: Date.now });
  const pace = { anchorIntervalMs: 10, publishIntervalMs: 5 };
  return openShard({ ...place, ...pace, anchorSigner: telemetry, erasureSigner: operator, ...options });
}

/** Runs actions in a transaction of their own; throws unless it took effect. */
export async function act(client: NodeClient, by: TransactionSigner, kind: string, body: object): Promise<void> {
  const { code, details } = await execute(client, envelopeOf(client, by, [actionOf(kind, body)]));
  if (code !== 'OK') throw new Error(`${kind}: ${code} ${JSON.stringify(details)}`);
}

export type TestMake = { readonly manufacturer: Bytes; readonly model: Bytes };

/** A manufacturer whose account is the operator's, with one model. */
export async function createMake({ client, operator }: RunningCity, changes: object = {}): Promise<TestMake> {
  const make = { manufacturer: freshBytes(32), model: freshBytes(32) };
  const maker = { id: make.manufacturer, name: 'Lumen Works', account: operator.account };
  await act(client, operator, 'manufacturer/create', maker);
  const flags = { personal: false, simulated: false };
  const model = { id: make.model, manufacturer: make.manufacturer, name: 'Lamp 3', deviceType: 'street-light' };
  await act(client, operator, 'model/create', { ...model, ...flags, ...changes });
  return make;
}

export type SignOptions = Partial<ReadingHeader> & {
  readonly records?: readonly SenmlRecord[];
  readonly timeS?: number;
  readonly signer?: Signer;
  /** Instead of SenML. */
  readonly payload?: Bytes;
};

/** A device that signs; its keys live in the memory of the test. */
export class TestDevice {
  readonly id: Bytes;
  readonly audience: Bytes;
  readonly signers: Signer[];

  constructor(audience: Bytes, seed = freshBytes(32)) {
    const signer = ed25519Signer(seed);
    this.id = deviceIdOf(nativeCrypto, signer.publicKey);
    this.audience = audience;
    this.signers = [signer];
  }

  /** A signed reading, by default of one record of just now. */
  sign(sequence: number, options: SignOptions = {}): Bytes {
    const {
      records = [{ n: 'power', u: 'W', v: 40.5 }],
      timeS = Math.floor(Date.now() / 1000),
      signer,
      payload,
      ...header
    } = options;
    const [first = {}, ...others] = records;
    const pack = payload ?? encodeSenmlCbor([{ bn: deviceUrnPrefix(this.id), bt: timeS, ...first }, ...others]);
    const keyNumber = header.keyNumber ?? 0;
    const full = { audience: this.audience, device: this.id, keyNumber, sequence, nonce: freshBytes(16), ...header };
    return signReading(signer ?? (this.signers[keyNumber] as Signer), full, pack);
  }
}

/** Registers a device of a make; it is not active yet. */
export async function registerDevice({ client, operator }: RunningCity, make: TestMake): Promise<TestDevice> {
  const device = new TestDevice(client.genesisHash);
  const [{ algorithm, publicKey }] = device.signers as [Signer];
  const body = { id: device.id, model: make.model, key: { algorithm, publicKey }, grade: 'device' };
  await act(client, operator, 'device/register', body);
  return device;
}

/** Registers and activates a device, of a make of its own unless one is given. */
export async function enrolDevice(city: RunningCity, make?: TestMake): Promise<TestDevice> {
  const device = await registerDevice(city, make ?? (await createMake(city)));
  await activateDevice(city, device);
  return device;
}

/** Proves possession of the first key. */
export async function activateDevice({ client, operator }: RunningCity, device: TestDevice): Promise<void> {
  const [signer] = device.signers as [Signer];
  const challenge = activationChallenge({ ...possession(client, device), keyNumber: 0, publicKey: signer.publicKey });
  await act(client, operator, 'device/activate', { id: device.id, proof: signer.sign(challenge) });
}

/** Gives the device a new key; the one before ends. */
export async function rotateKey({ client, operator }: RunningCity, device: TestDevice): Promise<void> {
  const [old, fresh] = [device.signers.at(-1) as Signer, ed25519Signer(freshBytes(32))];
  const { algorithm, publicKey } = fresh;
  const challenge = rotationChallenge({ ...possession(client, device), keyNumber: device.signers.length, publicKey });
  const proofs = { oldProof: old.sign(challenge), newProof: fresh.sign(challenge) };
  await act(client, operator, 'device/rotate-key', { id: device.id, key: { algorithm, publicKey }, grade: 'device', ...proofs });
  device.signers.push(fresh);
}

function possession(client: NodeClient, { id }: TestDevice) {
  const record = client.read(at(deviceKind, id));
  if (record === null) throw new Error('the device is registered');
  return { genesis: client.genesisHash, device: id, registration: record.registration };
}

/** Resolves when an anchor covers the entry at this index. */
export function anchoredUpTo({ client }: OpenShard, index: number): Promise<void> {
  return new Promise((resolve) => {
    const check = (size: number): void => {
      if (size <= index) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = client.onAnchored(({ size }) => check(size));
    check(client.status().anchored?.size ?? 0);
  });
}

/**
 * Makers, devices and a telemetry shard in a small city: everything through the actions of the ledger.
 *
 *   const city = makeDeviceCity();
 *   enrol(city, 'lamp');
 *   const shard = new TestShard(city);
 *   shard.keep(signedReading(city, 'lamp', { sequence: 1 }));
 *   assert.equal(shard.anchor(), 'OK');
 */

import assert from 'node:assert/strict';
import { cityRegistry } from '@oppidum/contracts/registry';
import type { Bytes } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import type { Signer } from '@oppidum/formats/crypto';
import { deviceIdOf, deviceUrnPrefix, shardOrigin } from '@oppidum/formats/ids';
import { activationChallenge, type Possession, rotationChallenge } from '@oppidum/formats/possession';
import { type ReadingHeader, signReading } from '@oppidum/formats/reading';
import type { ResultCode } from '@oppidum/formats/result';
import type { SenmlRecord } from '@oppidum/formats/senml';
import { encodeSenmlCbor } from '@oppidum/formats/senml-cbor';
import { deviceKind } from '@oppidum/formats/state-devices';
import { cityKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { FIRST_VERSION } from '@oppidum/formats/state-upgrades';
import { nodeCrypto } from './crypto.ts';
import { DEFAULT_ACCOUNTS, makeCity, namedId, publicKeyOf, type TestAccount, type TestCity } from './ledger.ts';
import { MemoryLog } from './memory-log.ts';
import { namedSigner } from './signers.ts';

/** The usual accounts, two makers, and the service that signs anchors. `operator/1` and `maker/1` are everyday keys. */
const ACCOUNTS = {
  ...DEFAULT_ACCOUNTS,
  operator: { roles: ['operator'], keyClasses: ['full', 'everyday'] },
  maker: { keyClasses: ['full', 'everyday'] },
  rival: {},
  telemetry: { holder: 'service' },
} as const;

/** Manufacturer `works` of account `maker` with models `lamp` and the personal `badge`; manufacturer `rivals` with model `copy`. */
export function makeDeviceCity(
  validatorCount = 1,
  more: Readonly<Record<string, TestAccount>> = {},
  registry = cityRegistry,
  rulesVersion = FIRST_VERSION,
): TestCity {
  const accounts = { ...ACCOUNTS, ...more };
  const city = makeCity({ registry, accounts, validatorCount, hasConsensusKeys: validatorCount > 1, rulesVersion });
  const manufacturer = (name: string, account: string) =>
    city.action('manufacturer/create', { id: namedId(name), name: `The ${name}`, account: namedId(account) });
  const model = (...body: Parameters<typeof newModel>) => city.action('model/create', newModel(...body));
  const makers = [manufacturer('works', 'maker'), manufacturer('rivals', 'rival')];
  const models = [model('lamp', 'works'), model('badge', 'works', { personal: true }), model('copy', 'rivals')];
  assert.equal(city.send(city.transaction(['registrar', 'maker', 'rival'], [...makers, ...models])), 'OK');
  return city;
}

/** Body of `model/create`. */
export function newModel(name: string, manufacturer: string, changes: object = {}) {
  const flags = { personal: false, simulated: false };
  return { id: namedId(name), manufacturer: namedId(manufacturer), name, deviceType: 'street-light', ...flags, ...changes };
}

/** Key number n of a test device. */
export function deviceSigner(name: string, keyNumber = 0): Signer {
  return namedSigner(`device ${name}/${keyNumber}`);
}

export function deviceId(name: string): Bytes {
  return deviceIdOf(nodeCrypto, deviceSigner(name).publicKey);
}

/** A device as `device/register-many` lists it. */
export function newDevice(name: string, changes: object = {}) {
  return { id: deviceId(name), key: publicKeyOf(deviceSigner(name)), grade: 'device', ...changes };
}

function possession(city: TestCity, name: string, keyNumber: number): Possession {
  const record = city.read(at(deviceKind, deviceId(name)));
  const registration = record?.registration ?? new Uint8Array(32);
  const { publicKey } = deviceSigner(name, keyNumber);
  return { genesis: city.rules.genesis, device: deviceId(name), registration, keyNumber, publicKey };
}

/** Body of `device/activate`; `changes` to what is signed. */
export function activation(city: TestCity, name: string, changes: Partial<Possession> = {}) {
  const challenge = activationChallenge({ ...possession(city, name, 0), ...changes });
  return { id: deviceId(name), proof: deviceSigner(name).sign(challenge) };
}

/** Body of `device/rotate-key` to key number `next`; `changes` to what is signed. */
export function rotation(city: TestCity, name: string, next: number, changes: Partial<Possession> = {}) {
  const challenge = rotationChallenge({ ...possession(city, name, next), ...changes });
  const [old, fresh] = [deviceSigner(name, next - 1), deviceSigner(name, next)];
  const proofs = { oldProof: old.sign(challenge), newProof: fresh.sign(challenge) };
  return { id: deviceId(name), key: publicKeyOf(fresh), grade: 'device', ...proofs };
}

/** Registers and activates a device of a model, by default a lamp of the works. */
export function enrol(city: TestCity, name: string, model = 'lamp', by = 'maker'): void {
  assert.equal(city.act(by, 'device/register', { model: namedId(model), ...newDevice(name) }), 'OK');
  assert.equal(city.act('registrar', 'device/activate', activation(city, name)), 'OK');
}

export type ReadingOptions = Partial<ReadingHeader> & {
  readonly sequence: number;
  /** Instead of one record `power` of 40.5 W; `bn` and, unless given, `bt` are added to the first. */
  readonly records?: readonly [SenmlRecord, ...SenmlRecord[]];
  readonly signer?: Signer;
};

/** A signed reading of a test device, by default at block time. */
export function signedReading(city: TestCity, name: string, options: ReadingOptions): Bytes {
  const { records = [{ n: 'power', u: 'W', v: 40.5 }], signer, ...header } = options;
  const device = header.device ?? deviceId(name);
  const [first, ...others] = records;
  const payload = encodeSenmlCbor([{ bn: deviceUrnPrefix(device), bt: city.timeMs / 1_000, ...first }, ...others]);
  const { keyNumber = 0, sequence } = header;
  const nonce = namedId(`reading ${name} ${sequence}`).slice(0, 16);
  const full = { audience: city.rules.genesis, nonce, ...header, device, keyNumber, sequence };
  return signReading(signer ?? deviceSigner(name, keyNumber), full, payload);
}

/** A telemetry shard: its log, and its anchors on the ledger. */
export class TestShard {
  readonly city: TestCity;
  readonly id: Bytes;
  readonly signer: Signer;
  readonly origin: string;
  readonly log = new MemoryLog();
  anchored = 0;

  /** Declares it. */
  constructor(city: TestCity, number = 0) {
    this.city = city;
    this.id = namedId(`shard ${number}`);
    this.signer = namedSigner(`shard ${number} log`);
    this.origin = shardOrigin(city.read(at(cityKind))?.origin ?? '', number);
    assert.equal(city.act('operator', 'shard/declare', newShard(number)), 'OK');
  }

  /** Appends envelopes to the log; answers the index of the first. */
  keep(...envelopes: readonly Bytes[]): number {
    this.log.entries.push(...envelopes.map(nodeCrypto.sha256));
    return this.log.size - envelopes.length;
  }

  /** The signed head of a log, by default this one. */
  note(size = this.log.size, log = this.log): Bytes {
    return signCheckpoint(nodeCrypto, this.signer, { origin: this.origin, size, root: log.root(size) });
  }

  /** An envelope that rides along, kept at this index. */
  sensor(envelope: Bytes, index: number) {
    return { envelope, ...this.log.hop(index) };
  }

  /** Body of `telemetry/anchor` for the log as it stands. */
  anchorBody(changes: object = {}) {
    const consistency = this.log.consistency(this.anchored);
    return { shard: this.id, checkpoint: this.note(), consistency, sensors: [], ...changes };
  }

  /** Anchors the log as it stands; answers the code. */
  anchor(changes: object = {}): ResultCode {
    const code = this.city.act('telemetry', 'telemetry/anchor', this.anchorBody(changes));
    if (code === 'OK') this.anchored = this.log.size;
    return code;
  }
}

/** Body of `shard/declare`. */
export function newShard(number: number, changes: object = {}) {
  const [logKey, receiptKey] = ['log', 'receipt'].map((use) => namedSigner(`shard ${number} ${use}`).publicKey);
  return { id: namedId(`shard ${number}`), number, logKey, receiptKey, operator: namedId('telemetry'), ...changes };
}

/**
 * Evidence from a small city in memory: real keys, blocks, logs and proofs; records are written as the test says, whatever contracts
 * would allow. Everything follows from names and labels, so evidence is the same in every run.
 *
 *   const city = new EvidenceCity();
 *   const index = city.keep(city.sign(1));
 *   const evidence = city.proveReading(index, city.anchor());
 */

import { ANCHOR_ACTION, anchorBody, anchorFields, ERASURE_ACTION, erasureFields } from '@oppidum/formats/action-bodies';
import { type BlockLeaf, parseLeaf } from '@oppidum/formats/block-log';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote, signCheckpoint } from '@oppidum/formats/checkpoint';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import type { Signer } from '@oppidum/formats/crypto';
import { ERASURE_SALT_SIZE, encodeErasureLeaf } from '@oppidum/formats/erasure-leaf';
import {
  type AnchorHop,
  claimDigest,
  type ErasedEvidence,
  type ReadingEvidence,
  type StateClaim,
  type StateEvidence,
  type StateHop,
  type TransactionEvidence,
} from '@oppidum/formats/evidence';
import { cityOrigin, deviceIdOf, deviceUrnPrefix, shardOrigin } from '@oppidum/formats/ids';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { type ReadingHeader, signReading } from '@oppidum/formats/reading';
import { encodeEvents, eventsDigest } from '@oppidum/formats/result';
import { blob } from '@oppidum/formats/schema';
import { encodeSenmlCbor } from '@oppidum/formats/senml-cbor';
import {
  type DeviceKeyRecord,
  type DeviceRecord,
  deviceKeyKind,
  deviceKind,
  manufacturerKind,
  modelKind,
  suspensionKind,
} from '@oppidum/formats/state-devices';
import {
  type AnyKind,
  encodeState,
  type KeyRange,
  parseState,
  prefixRange,
  type SegmentsOf,
  type SegmentType,
  type StateKind,
  stateKey,
} from '@oppidum/formats/state-layout';
import { kindOfKey } from '@oppidum/formats/state-registry';
import { parsePayload, parseTransaction } from '@oppidum/formats/transaction';
import { defineAction } from '@oppidum/ledger/action';
import type { Executed, Outcome } from '@oppidum/ledger/block';
import { encodeStateProof } from '@oppidum/proofs/state-proof';
import { claimRange } from '@oppidum/proofs/verify-state';
import { nodeCrypto } from './crypto.ts';
import { GENESIS_MS, makeCity, namedId, registryOf, type TestCity } from './ledger.ts';
import { MemoryLog } from './memory-log.ts';
import { namedSigner } from './signers.ts';

/** Writes (or, with an empty value, removes) any record. */
const put = defineAction({
  kind: 'test/put',
  body: { key: blob(98), value: blob(65_536) },
  check: () => null,
  apply({ key, value }, city) {
    const kind = kindOfKey(key) as AnyKind;
    if (value.length === 0) city.remove({ kind, key });
    else city.write({ kind, key }, parseState(kind, value));
  },
});
const anchor = defineAction({
  kind: ANCHOR_ACTION,
  body: anchorFields,
  check: () => null,
  apply: ({ shard }, city) => {
    city.emit('telemetry/anchored', { shard });
    return null;
  },
});
const erasure = defineAction({ kind: ERASURE_ACTION, body: erasureFields, check: () => null, apply: () => null });

/** A validator with its keys. */
export type TestValidator = { readonly name: string; readonly log: Signer; readonly cosigner: Signer };

/** Validators named `<label>-<n>`; those of `validator` are the ones of a test city's genesis. */
export function testValidators(label: string, count: number): TestValidator[] {
  return Array.from({ length: count }, (_, n) => ({
    name: `${label}-${n}`,
    log: namedSigner(`${label} ${n} log`),
    cosigner: namedSigner(`${label} ${n} cosigner`),
  }));
}

/** Their policy under an origin. */
export function testPolicy(origin: string, validators: readonly TestValidator[]): Policy {
  const keys = validators.map(({ name, log, cosigner }) => ({
    name,
    logKey: log.publicKey,
    cosignerKey: cosigner.publicKey,
  }));
  return policyOfValidators(origin, keys);
}

/** Cosigners state times from here on. */
const COSIGNED_S = GENESIS_MS / 1000 + 3_600;

/** A signed head with these cosigners, in this order; the log line is by `log`. */
export function testNote(
  head: { readonly origin: string; readonly size: number; readonly root: Bytes },
  log: Signer,
  cosigners: readonly { readonly name: string; readonly cosigner: Signer }[],
): Bytes {
  const note = signCheckpoint(nodeCrypto, log, head);
  const text = new TextDecoder().decode(note).split('\n\n')[0] ?? '';
  const lines = cosigners.map(({ name, cosigner }, n) =>
    cosignCheckpoint(nodeCrypto, cosigner, name, `${text}\n`, COSIGNED_S + n),
  );
  return addSignatures(note, lines);
}

export type EvidenceCityOptions = {
  readonly validatorCount?: number;
  /** The device's key instead of the test key `device`. */
  readonly device?: Signer;
  /** A city with records of its own instead of a fresh one. */
  readonly city?: TestCity;
};

/** A city with one device and one shard. */
export class EvidenceCity {
  readonly city: TestCity;
  readonly origin: string;
  validators: readonly TestValidator[];
  policy: Policy;
  readonly deviceSigner: Signer;
  readonly device: Bytes;
  readonly shard = namedId('shard');
  readonly shardSigner = namedSigner('shard log');
  readonly entries: { readonly envelope: Bytes; readonly digest: Bytes }[] = [];
  #anchored = 0;

  constructor({ validatorCount = 4, device = namedSigner('device'), city }: EvidenceCityOptions = {}) {
    this.city = city ?? makeCity({ validatorCount, registry: registryOf([put, anchor, erasure] as never) });
    this.origin = cityOrigin(this.city.genesis.name, this.city.rules.genesis);
    this.validators = testValidators('validator', this.city.genesis.validators.length);
    this.policy = testPolicy(this.origin, this.validators);
    this.deviceSigner = device;
    this.device = deviceIdOf(nodeCrypto, device.publicKey);
    if (city !== undefined) return;
    this.put(manufacturerKind, [namedId('maker')], { name: 'Lumen Works', account: namedId('registrar'), from: 1 });
    this.put(modelKind, [namedId('model')], { ...MODEL, manufacturer: namedId('maker'), from: 2 });
    this.put(deviceKind, [this.device], this.deviceRecord());
    this.put(deviceKeyKind, [this.device, 0], this.keyRecord());
  }

  /** Writes a record in a block of its own; null removes it. */
  put<V, S extends readonly SegmentType[]>(kind: StateKind<V, S>, segments: SegmentsOf<S>, value: V | null): void {
    const bytes = value === null ? new Uint8Array(0) : encodeState(kind as unknown as StateKind<V>, value);
    this.#run('test/put', { key: stateKey(kind, ...segments), value: bytes });
  }

  /** The device's record, with changes. */
  deviceRecord(changes: Partial<DeviceRecord> = {}): DeviceRecord {
    const ids = { model: namedId('model'), registration: namedId('registration') };
    return { ...ids, label: 'lamp 17', status: 'active', keyCount: 1, from: 3, ...changes };
  }

  /** The record of the device's key 0, with changes. */
  keyRecord(changes: Partial<DeviceKeyRecord> = {}): DeviceKeyRecord {
    const { algorithm, publicKey } = this.deviceSigner;
    return { algorithm, publicKey, grade: 'device', from: 4, ...changes };
  }

  /** A signed reading of two records. */
  sign(sequence: number, changes: Partial<ReadingHeader> & { readonly signer?: Signer } = {}): Bytes {
    const { signer = this.deviceSigner, ...header } = changes;
    const nonce = namedId(`reading ${sequence}`).slice(0, 16);
    const timeS = GENESIS_MS / 1000 + sequence;
    const payload = encodeSenmlCbor([
      { bn: deviceUrnPrefix(header.device ?? this.device), bt: timeS, n: 'power', u: 'W', v: 40.5 },
      { n: 'lamp', vb: true },
    ]);
    const base = { audience: this.city.rules.genesis, device: this.device, keyNumber: 0, sequence, nonce };
    return signReading(signer, { ...base, ...header }, payload);
  }

  /** Appends an envelope to the shard's log; answers its index. */
  keep(envelope: Bytes): number {
    this.entries.push({ envelope, digest: nodeCrypto.sha256(envelope) });
    return this.entries.length - 1;
  }

  get shardLog(): MemoryLog {
    return new MemoryLog(this.entries.map(({ digest }) => digest));
  }

  get log(): MemoryLog {
    return new MemoryLog(this.city.state.leaves);
  }

  /** Anchors the shard's log as it stands. */
  anchor(): Executed {
    const log = this.shardLog;
    const head = { origin: shardOrigin(this.origin, 0), size: log.size, root: log.root() };
    const consistency = this.#anchored === 0 ? [] : log.consistency(this.#anchored);
    this.#anchored = log.size;
    const checkpoint = signCheckpoint(nodeCrypto, this.shardSigner, head);
    return this.#run(ANCHOR_ACTION, { shard: this.shard, checkpoint, consistency, sensors: [] });
  }

  /** One action in a block of its own. */
  #run(kind: string, body: object): Executed {
    const { outcomes } = this.city.block([this.city.transaction('registrar', [this.city.action(kind, body)])]);
    return executedOf(outcomes[0]);
  }

  /** Decides a policy of new validators by the council; the next block, an empty one, puts it into force. */
  changePolicy(label: string, count: number): { readonly former: Policy; readonly policy: Policy; announced: StateEvidence } {
    const former = this.policy;
    const validators = testValidators(label, count);
    const policy = testPolicy(this.origin, validators);
    const code = this.city.decide('policy/change', { policy: encodePolicy(nodeCrypto, policy) });
    if (code !== 'OK') throw new Error(`the policy was refused: ${code}`);
    this.city.block();
    const announced = this.proveState({ kind: 'policyEffective', segments: [] });
    this.validators = validators;
    this.policy = policy;
    return { former, policy, announced };
  }

  /** A head cosigned by just enough of the validators in force. */
  checkpoint(size = this.log.size): Bytes {
    const threshold = this.policy.groups[0]?.threshold ?? 0;
    const [first] = this.validators;
    if (first === undefined) throw new Error('a city has a validator');
    return testNote({ origin: this.origin, size, root: this.log.root(size) }, first.log, this.validators.slice(0, threshold));
  }

  transactionHop(executed: Executed): AnchorHop {
    const { payloadBytes } = parseTransaction(nodeCrypto, executed.envelope);
    const { position, index } = executed;
    const height = this.#heightOf(executed);
    const log = this.log.hop(index);
    return {
      payload: payloadBytes,
      action: 0,
      height,
      position,
      eventsDigest: eventsDigest(nodeCrypto, executed.events),
      log,
    };
  }

  #heightOf({ envelope }: Executed): number {
    const block = this.city.blocks.find(({ transactions }) => transactions.some((other) => equalBytes(other, envelope)));
    if (block === undefined) throw new Error('this transaction is in no block');
    return block.height;
  }

  /** All records in these ranges under the newest block leaf. */
  stateHop(ranges: readonly KeyRange[]): StateHop {
    const { log, city } = this;
    const index = log.size - 1;
    const { height, timeMs, stateRoot, validatorSetDigest, firstIndex, count } = blockLeafOf(log.entries[index]);
    const values = ranges.flatMap(({ lo, hi }) => city.state.scan(lo, hi)).map(({ value }) => value);
    const proof = encodeStateProof(city.state.prove(ranges));
    return { height, timeMs, stateRoot, validatorSetDigest, firstIndex, count, log: log.hop(index), proof, values };
  }

  /** The ranges of a device's records. */
  deviceRanges(keyNumber = 0, device = this.device): KeyRange[] {
    const range = (kind: unknown, ...segments: (Bytes | number)[]) => prefixRange(kind as AnyKind, segments);
    return [
      range(manufacturerKind, namedId('maker')),
      range(modelKind, namedId('model')),
      range(deviceKind, device),
      range(deviceKeyKind, device, keyNumber),
      range(suspensionKind, device),
    ];
  }

  proveReading(index: number, anchored: Executed, ranges = this.deviceRanges()): ReadingEvidence {
    const entry = this.entries[index];
    if (entry === undefined) throw new Error('no such entry');
    const anchorHop = this.transactionHop(anchored);
    return {
      version: 1,
      fact: 'reading',
      envelope: entry.envelope,
      shard: this.#shardHop(index, anchorHop),
      anchor: anchorHop,
      state: this.stateHop(ranges),
      checkpoint: this.checkpoint(),
    };
  }

  /** The shard's log may have grown since that anchor. */
  #shardHop(index: number, { payload }: AnchorHop) {
    return this.shardLog.hop(index, anchoredSize(payload));
  }
  proveTransaction(executed: Executed): TransactionEvidence {
    const { payload, height, position, log } = this.transactionHop(executed);
    const { code, events } = executed;
    const checkpoint = this.checkpoint();
    return { version: 1, fact: 'transaction', payload, height, position, code, events: encodeEvents(events), log, checkpoint };
  }

  proveState(claim: StateClaim): StateEvidence {
    const state = this.stateHop([claimRange(claim).range]);
    const digest = claimDigest(nodeCrypto, claim);
    return { version: 1, fact: 'state', claim, claimDigest: digest, state, checkpoint: this.checkpoint() };
  }

  /** Records the erasure of these entries and proves it of the first. */
  proveErased(indexes: readonly number[], anchored: Executed): ErasedEvidence {
    const leaves = indexes.map((index) => ({
      salt: namedId(`salt ${index}`).slice(0, ERASURE_SALT_SIZE),
      shard: this.shard,
      index,
    }));
    const tree = new MemoryLog(leaves.map(encodeErasureLeaf));
    const body = { id: namedId('erasure'), root: tree.root(), count: tree.size, legalBasis: 'consent-withdrawn' };
    const executed = this.#run(ERASURE_ACTION, body);
    const [first] = leaves;
    const entry = this.entries[first?.index ?? -1];
    if (first === undefined || entry === undefined) throw new Error('no such entry');
    const anchorHop = this.transactionHop(anchored);
    return {
      version: 1,
      fact: 'erased',
      entry: entry.digest,
      shard: this.#shardHop(first.index, anchorHop),
      anchor: anchorHop,
      erasure: this.transactionHop(executed),
      salt: first.salt,
      leaf: tree.hop(0),
      checkpoint: this.checkpoint(),
    };
  }
}

const MODEL = { name: 'Lamp 3', deviceType: 'street-light', personal: false, simulated: false };

function executedOf(outcome: Outcome | undefined): Executed {
  if (outcome === undefined || 'refused' in outcome) throw new Error(`not admitted: ${outcome?.refused.code}`);
  if (outcome.executed.code !== 'OK') throw new Error(`refused: ${outcome.executed.code}`);
  return outcome.executed;
}

function blockLeafOf(entry: Bytes | undefined): BlockLeaf {
  const leaf = parseLeaf(entry ?? new Uint8Array(0));
  if ('transaction' in leaf) throw new Error('a block ends with its own leaf');
  return leaf.block;
}

/** The size that the anchor in this payload states. */
function anchoredSize(payload: Bytes): number {
  const [action] = parsePayload(payload).actions;
  if (action === undefined) throw new Error('a transaction has an action');
  return parseCheckpointNote(anchorBody.parse(action.body, '').checkpoint).checkpoint.size;
}

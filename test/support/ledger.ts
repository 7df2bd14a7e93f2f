/**
 * A small city in memory for tests of contracts and ledger: real keys, real envelopes, real blocks.
 *
 *   const city = makeCity();
 *   assert.equal(city.act('registrar', 'account/create', { … }), 'OK');
 *   assert.equal(city.decide('account/close', { account }), 'OK');
 */

import { createHash } from 'node:crypto';
import { governanceActions } from '@oppidum/contracts/governance/actions';
import { beginBlock, hasPendingWork } from '@oppidum/contracts/governance/begin-block';
import { applyGenesis } from '@oppidum/contracts/governance/genesis';
import { MIGRATIONS } from '@oppidum/contracts/governance/migrations';
import { type Bytes, compareBytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import type { ErrorDetails } from '@oppidum/formats/errors';
import { encodeGenesis, type Genesis, genesisHash, parseGenesis } from '@oppidum/formats/genesis';
import type { LedgerEvent, ResultCode } from '@oppidum/formats/result';
import {
  type AnyKind,
  type KeyRange,
  parseKey,
  parseState,
  prefixRange,
  type Segment,
  type SegmentType,
  type StateKind,
  type StateRef,
} from '@oppidum/formats/state-layout';
import { FIRST_VERSION } from '@oppidum/formats/state-upgrades';
import { type Action, signTransaction, type TransactionPayload } from '@oppidum/formats/transaction';
import { type AnyAction, actionTable, type Registry } from '@oppidum/ledger/action';
import {
  type Block,
  type BlockOutcome,
  executeBlock,
  executeGenesis,
  type LedgerRules,
  type LedgerState,
  type Outcome,
} from '@oppidum/ledger/block';
import type { StateChange, StoredRecord } from '@oppidum/ledger/city';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import type { StateProof } from '@oppidum/proofs/state-proof';
import { StateTree } from '@oppidum/proofs/state-tree';
import { nodeCrypto } from './crypto.ts';
import { namedSigner } from './signers.ts';

/** Ids and nonces of tests: SHA-256 of a label. */
export function namedId(label: string): Bytes {
  return new Uint8Array(createHash('sha256').update(`oppidum test id ${label}`).digest());
}

/** State and block log in memory, as a node keeps them. */
export class MemoryState implements LedgerState {
  readonly #crypto: Crypto;
  readonly #tree: StateTree;
  readonly #log: CompactTree;
  readonly #values = new Map<string, StoredRecord>();
  readonly #executed = new Set<string>();
  readonly leaves: Bytes[] = [];
  #sorted: readonly StoredRecord[] | null = null;

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
    this.#tree = new StateTree(crypto);
    this.#log = new CompactTree(crypto);
  }

  get logSize(): number {
    return this.#log.size;
  }

  /** RFC 6962 root of the block log. */
  get appHash(): Bytes {
    return this.#log.root();
  }

  get stateRoot(): Bytes {
    return this.#tree.rootHash(this.#tree.newest);
  }

  readonly read = (key: Bytes): Bytes | null => this.#values.get(toHex(key))?.value ?? null;

  readonly scan = (lo: Bytes, hi: Bytes): StoredRecord[] => {
    const records = this.records();
    const from = lowerBound(records, lo);
    let to = from;
    while (to < records.length && compareBytes((records[to] as StoredRecord).key, hi) <= 0) to++;
    return records.slice(from, to);
  };

  readonly rootAfter = (changes: readonly StateChange[]): Bytes => {
    const root = this.#tree.rootHash(this.#tree.apply(this.#digests(changes)));
    this.#tree.rollBack();
    return root;
  };

  readonly hasTransaction = (id: Bytes): boolean => this.#executed.has(toHex(id));

  /** A proof of all records in these ranges under `stateRoot`. */
  prove(ranges: readonly KeyRange[]): StateProof {
    return this.#tree.prove(this.#tree.newest, ranges);
  }

  /** All records, ascending by key. */
  records(): readonly StoredRecord[] {
    this.#sorted ??= [...this.#values.values()].sort((a, b) => compareBytes(a.key, b.key));
    return this.#sorted;
  }

  /** Keeps what a block did. */
  commit({ changes, leaves, outcomes }: BlockOutcome): void {
    if (changes.length > 0) this.#sorted = null;
    this.#tree.apply(this.#digests(changes));
    this.#tree.releaseBefore(this.#tree.newest);
    for (const { key, value } of changes) {
      if (value === null) this.#values.delete(toHex(key));
      else this.#values.set(toHex(key), { key, value });
    }
    for (const leaf of leaves) {
      this.leaves.push(leaf);
      this.#log.append(leafHash(this.#crypto, leaf));
    }
    for (const outcome of outcomes) if ('executed' in outcome) this.#executed.add(toHex(outcome.executed.id));
  }

  #digests(changes: readonly StateChange[]) {
    return changes.map(({ key, value }) => ({ key, valueDigest: value === null ? null : this.#crypto.sha256(value) }));
  }
}

/** How many of the sorted records come before a key. */
function lowerBound(records: readonly StoredRecord[], key: Bytes): number {
  let [low, high] = [0, records.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBytes((records[middle] as StoredRecord).key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Governance and these areas. */
export function registryOf(...areas: readonly (readonly AnyAction[])[]): Registry {
  return { actions: actionTable(governanceActions, ...areas), applyGenesis, beginBlock, hasPendingWork, migrations: MIGRATIONS };
}

/** An account of the test city. Its key number n is the test signer `<name>/<n>`. */
export type TestAccount = {
  readonly roles?: readonly string[];
  readonly holder?: 'organisation' | 'person' | 'service';
  readonly keyClasses?: readonly ('everyday' | 'full')[];
};
export type TestBody = { readonly threshold: number; readonly members: readonly string[] };
export type TestCityOptions = {
  /** Instead of `nodeCrypto`. */
  readonly crypto?: Crypto;
  /** Instead of governance alone; see `registryOf`. */
  readonly registry?: Registry;
  readonly validatorCount?: number;
  /** The genesis names the validators' consensus keys. */
  readonly hasConsensusKeys?: boolean;
  /** Instead of `DEFAULT_ACCOUNTS`. */
  readonly accounts?: Readonly<Record<string, TestAccount>>;
  /** Instead of one body `council` of anna, ben and clara with threshold 2. A body named `council` must be among them. */
  readonly bodies?: Readonly<Record<string, TestBody>>;
  /** Of the rules that the city begins with; the first, as vectors have it, unless another is named. */
  readonly rulesVersion?: number;
  /** The body that admits makers; without it a registrar does. */
  readonly trustees?: string;
};

/** Three members of the council, and one account per role. `anna/1` is an everyday key. */
export const DEFAULT_ACCOUNTS: Readonly<Record<string, TestAccount>> = {
  anna: { holder: 'person', keyClasses: ['full', 'everyday'] },
  ben: { holder: 'person' },
  clara: { holder: 'person' },
  registrar: { roles: ['registrar'] },
  operator: { roles: ['operator'] },
  protector: { roles: ['data-protection'] },
};

const DEFAULT_BODIES: Readonly<Record<string, TestBody>> = { council: { threshold: 2, members: ['anna', 'ben', 'clara'] } };

/** Time of the genesis block. */
export const GENESIS_MS = 1_750_000_000_000;
const BLOCK_MS = 1_000;

/** The genesis document of a test city. */
export function makeGenesis(
  options: Pick<
    TestCityOptions,
    'validatorCount' | 'hasConsensusKeys' | 'accounts' | 'bodies' | 'rulesVersion' | 'trustees'
  > = {},
): Genesis {
  const { rulesVersion = FIRST_VERSION } = options;
  const accounts = Object.entries(options.accounts ?? DEFAULT_ACCOUNTS).map(([name, account]) => ({
    id: namedId(name),
    holder: account.holder ?? ('organisation' as const),
    keys: (account.keyClasses ?? ['full' as const]).map((keyClass, n) => ({
      key: publicKeyOf(namedSigner(`${name}/${n}`)),
      class: keyClass,
    })),
    roles: [...(account.roles ?? [])].sort(),
  }));
  const bodies = Object.entries(options.bodies ?? DEFAULT_BODIES).map(([name, { threshold, members }]) => ({
    id: namedId(name),
    name,
    threshold,
    members: members.map(namedId).sort(compareBytes),
  }));
  return {
    version: 1,
    name: 'test.oppidum.example',
    nonce: namedId('genesis').slice(0, 16),
    createdMs: GENESIS_MS,
    validators: Array.from({ length: options.validatorCount ?? 1 }, (_, i) => ({
      name: `validator-${i}`,
      logKey: namedSigner(`validator ${i} log`).publicKey,
      cosignerKey: namedSigner(`validator ${i} cosigner`).publicKey,
      ...(options.hasConsensusKeys === true ? { consensusKey: namedSigner(`validator ${i} consensus`).publicKey } : {}),
    })),
    accounts: accounts.sort((a, b) => compareBytes(a.id, b.id)),
    bodies: bodies.sort((a, b) => compareBytes(a.id, b.id)),
    council: namedId('council'),
    ...(rulesVersion === FIRST_VERSION ? {} : { rulesVersion }),
    ...(options.trustees === undefined ? {} : { trustees: namedId(options.trustees) }),
  };
}

/** A signer's key as actions carry it. */
export function publicKeyOf({ algorithm, publicKey }: Signer) {
  return { algorithm, publicKey };
}

export type TransactionOptions = Partial<Pick<TransactionPayload, 'city' | 'validUntil' | 'nonce' | 'signers'>>;

/** A city with its state; every method that acts makes and keeps a block. */
export class TestCity {
  readonly rules: LedgerRules;
  readonly genesis: Genesis;
  readonly state: MemoryState;
  height = 0;
  /** Every block so far after genesis. */
  readonly blocks: Block[] = [];
  timeMs = GENESIS_MS;
  /** What the latest transaction caused, and the facts of its refusal. */
  events: readonly LedgerEvent[] = [];
  details: ErrorDetails = {};
  #nonce = 0;

  constructor(options: TestCityOptions = {}) {
    // What a node starts from are bytes.
    this.genesis = parseGenesis(encodeGenesis(makeGenesis(options)));
    const { crypto = nodeCrypto, registry = registryOf() } = options;
    this.rules = { crypto, registry, genesis: genesisHash(crypto, this.genesis) };
    this.state = new MemoryState(crypto);
    this.state.commit(executeGenesis(this.rules, this.state, this.genesis));
  }

  /** An action with its body as CBOR; a Map is taken as it is, right or wrong. */
  action(kind: string, body: object): Action {
    if (body instanceof Map) return { kind, body };
    const definition = this.rules.registry.actions.get(kind);
    if (definition === undefined) return { kind, body: new Map(Object.entries(body)) };
    return { kind, body: definition.body.encode(body) };
  }

  /** A signed envelope. `signers`: account names, `name/1` for its key number 1. */
  transaction(signers: string | readonly string[], actions: readonly Action[], options: TransactionOptions = {}): Bytes {
    const names = typeof signers === 'string' ? [signers] : signers;
    const by = names.map((name) => {
      const [account = '', number = '0'] = name.split('/');
      return { account: namedId(account), keyNumber: Number(number), signer: namedSigner(`${account}/${number}`) };
    });
    const payload: TransactionPayload = {
      city: this.rules.genesis,
      validUntil: this.timeMs + 300_000,
      nonce: namedId(`nonce ${this.#nonce++}`).slice(0, 16),
      signers: by.map(({ account }) => account).sort(compareBytes),
      actions: [...actions],
      ...options,
    };
    return signTransaction(payload, by);
  }

  /** Executes a block without keeping it. */
  execute(
    transactions: readonly Bytes[],
    timeMs = this.timeMs + BLOCK_MS,
    misbehaviour: Block['misbehaviour'] = [],
  ): BlockOutcome {
    const block: Block = { height: this.height + 1, timeMs, transactions, misbehaviour };
    return executeBlock(this.rules, this.state, block);
  }

  /** Executes a block and keeps it. */
  block(
    transactions: readonly Bytes[] = [],
    timeMs = this.timeMs + BLOCK_MS,
    misbehaviour: Block['misbehaviour'] = [],
  ): BlockOutcome {
    const outcome = this.execute(transactions, timeMs, misbehaviour);
    this.state.commit(outcome);
    this.height++;
    this.blocks.push({ height: this.height, timeMs, transactions, misbehaviour });
    this.timeMs = timeMs;
    return outcome;
  }

  /** Runs one envelope in a block of its own. */
  send(envelope: Bytes): ResultCode {
    const [outcome] = this.block([envelope]).outcomes as readonly [Outcome];
    const { executed, refused } = { executed: undefined, refused: undefined, ...outcome };
    this.events = executed?.events ?? [];
    this.details = executed?.rejection?.details ?? refused?.details ?? {};
    return executed?.code ?? refused?.code ?? 'OK';
  }

  /** One action, signed, in a block of its own; answers its code. */
  act(signers: string | readonly string[], kind: string, body: object): ResultCode {
    return this.send(this.transaction(signers, [this.action(kind, body)]));
  }

  /** One dangerous action, proposed by anna and approved by ben; answers the code of the approval or of what failed before. */
  decide(kind: string, body: object): ResultCode {
    return this.decideAll([[kind, body]]);
  }

  /** Several dangerous actions as one proposal. */
  decideAll(actions: readonly (readonly [string, object])[]): ResultCode {
    const id = namedId(`proposal ${this.#nonce}`);
    const proposed = this.act('anna', 'proposal/create', {
      id,
      body: namedId('council'),
      actions: actions.map(([kind, body]) => this.action(kind, body)),
      expiresMs: this.timeMs + 86_400_000,
    });
    return proposed === 'OK' ? this.act('ben', 'proposal/approve', { id }) : proposed;
  }

  /** A record, or null. */
  read<V>(ref: StateRef<V>): V | null {
    const value = this.state.read(ref.key);
    return value === null ? null : parseState(ref.kind, value);
  }

  /** Records of a kind under these segments, in key order. */
  scan<V, S extends readonly SegmentType[]>(kind: StateKind<V, S>, ...segments: readonly Segment[]) {
    const { lo, hi } = prefixRange(kind as unknown as AnyKind, segments);
    return this.state.scan(lo, hi).map(({ key, value }) => ({
      segments: parseKey(kind, key),
      value: parseState(kind as unknown as StateKind<V>, value),
    }));
  }

  /** The newest event of this kind of the latest transaction, or undefined. */
  event(kind: string): ReadonlyMap<unknown, unknown> | undefined {
    return this.events.findLast((event) => event.kind === kind)?.body as ReadonlyMap<unknown, unknown> | undefined;
  }
}

/** A city at height 0. */
export function makeCity(options: TestCityOptions = {}): TestCity {
  return new TestCity(options);
}

/** Two states are the same city: same records, same log. */
export function sameCity(a: TestCity, b: TestCity): boolean {
  return equalBytes(a.state.appHash, b.state.appHash) && equalBytes(a.state.stateRoot, b.state.stateRoot);
}

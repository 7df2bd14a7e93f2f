/**
 * The verb of the ledger: how one block changes the state. Pure: same state and block, same outcome, on every replica.
 *
 *   admit each envelope on the state before the block → run its actions, all or none → leaves → state root → app hash
 */

import { type BlockLeaf, encodeBlockLeaf, encodeTransactionLeaf } from '@oppidum/formats/block-log';
import type { Bytes } from '@oppidum/formats/bytes';
import { toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError, type Rejection, reject } from '@oppidum/formats/errors';
import type { Genesis } from '@oppidum/formats/genesis';
import { ID_SIZE } from '@oppidum/formats/ids';
import { encodeEvents, type LedgerEvent, type Result } from '@oppidum/formats/result';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at, parseState, type StateRef } from '@oppidum/formats/state-layout';
import { FIRST_VERSION } from '@oppidum/formats/state-upgrades';
import { type Validator, validatorSetKind } from '@oppidum/formats/state-validators';
import type { Action } from '@oppidum/formats/transaction';
import { answerOf, type ParsedAction, parseAction, type Registry } from './action.ts';
import {
  type AdmissionContext,
  type AdmissionRefusal,
  type AdmittedTransaction,
  admitTransaction,
  isRefusal,
} from './admission.ts';
import { type Authority, type City, cityView, type StateChange, StateOverlay, type StateReader } from './city.ts';
import { isFirstOfSet } from './first-of-set.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import { beginWithVersion, checkFirstVersion, checkVersion, rulesVersion, upgradeState, versionAt } from './upgrade.ts';
import { type ValidatorUpdate, validatorUpdates } from './validator-updates.ts';

const NO_ID: Bytes = new Uint8Array(ID_SIZE);

/** The ledger before a block. */
export type LedgerState = StateReader & {
  /** Leaves in the block log so far. */
  readonly logSize: number;
  /** Root of the state map after these changes, without keeping them. */
  readonly rootAfter: (changes: readonly StateChange[]) => Bytes;
  /** True for ids executed within the last LIMITS.transactionLifetimeMs. */
  readonly hasTransaction: (id: Bytes) => boolean;
};

/** The rules and tools a block runs under. */
export type LedgerRules = { readonly crypto: Crypto; readonly registry: Registry; readonly genesis: Bytes } & Pick<
  AdmissionContext,
  'recall'
>;

export type Block = {
  readonly height: number;
  readonly timeMs: number;
  readonly transactions: readonly Bytes[];
  /** What the engine proved against validators, in its order. */
  readonly misbehaviour?: readonly Misbehaviour[];
};

/** One envelope's fate: executed (a leaf at `index`, whatever the code) or refused at admission (no leaf). */
export type Executed = {
  readonly id: Bytes;
  readonly envelope: Bytes;
  readonly index: number;
  readonly position: number;
} & Result & {
    readonly rejection: Rejection | null;
    /** `encodeEvents`: what the leaf commits to. */
    readonly encodedEvents: Bytes;
  };
export type Outcome = { readonly executed: Executed } | { readonly refused: AdmissionRefusal };

/** Everything that one block does. `leaves` go to the log in order; `changes` to the state map, sorted by key. */
export type BlockOutcome = {
  readonly outcomes: readonly Outcome[];
  readonly changes: readonly StateChange[];
  readonly leaves: readonly Bytes[];
  /** Null when the block had no transaction leaf and no write and is not the first of a new set: the app hash stays. */
  readonly blockLeaf: BlockLeaf | null;
  /** Who votes from two blocks later on, where that changes. */
  readonly validatorUpdates: readonly ValidatorUpdate[];
  /** The version of the rules that begins with this block, or null. */
  readonly newVersion: number | null;
};

/**
 * Executes a block on the state before it. Never throws on bad input: refusals are outcomes. Throws UPGRADE_NEEDED (a FormatError) for a
 * block whose rules this program does not know.
 */
export function executeBlock(rules: LedgerRules, state: LedgerState, block: Block): BlockOutcome {
  requireVersion(rules, state, block.height);
  const overlay = new StateOverlay(state);
  const validatorSetDigest = effectivePolicyDigest(rules, state);
  const mustHaveLeaf = isFirstOfSet(recordsOf(state), block.height);
  beginBlock(rules, overlay, block);

  const version = versionAt(recordsOf(state), block.height);
  const around = surroundings(rules, block, version);
  const seen = new Set<string>();
  const admission: AdmissionContext = {
    ...rules,
    timeMs: block.timeMs,
    state,
    version: () => version,
    isKnown: (id) => seen.has(toOctets(id)) || state.hasTransaction(id),
  };
  const outcomes: Outcome[] = [];
  const leaves: Bytes[] = [];
  for (const envelope of block.transactions) {
    const admitted = admitTransaction(admission, envelope);
    if (isRefusal(admitted)) {
      outcomes.push({ refused: admitted });
      continue;
    }
    seen.add(toOctets(admitted.id));
    const { result, rejection } = runTransaction(rules, overlay, around, admitted);
    const position = leaves.length;
    const { id } = admitted;
    const encodedEvents = encodeEvents(result.events);
    const index = state.logSize + position;
    outcomes.push({ executed: { id, envelope, index, position, ...result, rejection, encodedEvents } });
    const digest = rules.crypto.sha256(encodedEvents);
    leaves.push(encodeTransactionLeaf({ height: block.height, position, id, code: result.code, eventsDigest: digest }));
  }
  const closed = closeBlock(state, block, { changes: overlay.changes(), leaves, outcomes, validatorSetDigest, mustHaveLeaf });
  const after = versionIn(overlay);
  const newVersion = after === versionIn(state) ? null : after;
  return { ...closed, validatorUpdates: validatorUpdates(validatorsIn(state), validatorsIn(overlay)), newVersion };
}

/**
 * What the next block would say of a transaction with these actions by these signers, as far as they are known now: the first refusal, or
 * null. Nothing is kept. For doors that carry what others signed and leave no trace of what is refused.
 */
export function tryActions(
  rules: Omit<LedgerRules, 'recall'>,
  state: StateReader,
  {
    signers,
    actions,
    ...block
  }: Pick<AdmittedTransaction, 'signers'> & { readonly actions: readonly Action[] } & Omit<Block, 'transactions'>,
): Rejection | null {
  const version = versionAt(recordsOf(state), block.height);
  const parsed = parseAgain(rules.registry, actions, version);
  if ('code' in parsed) return parsed;
  const around = surroundings(rules, { ...block, transactions: [] }, version);
  return runTransaction(rules, new StateOverlay(state), around, { id: NO_ID, signers, actions: parsed }).rejection;
}

/**
 * The block of height 0: what the genesis document says, as records, a block leaf and the first app hash. Throws UPGRADE_NEEDED (a
 * FormatError) where the city begins by rules that this program does not know.
 */
export function executeGenesis(rules: LedgerRules, state: LedgerState, genesis: Genesis): BlockOutcome {
  const { applyGenesis, migrations } = rules.registry;
  const { rulesVersion: first = FIRST_VERSION } = genesis;
  const refused = checkFirstVersion(migrations, first);
  if (refused !== null) throw formatError(refused.code, refused.details);
  const overlay = new StateOverlay(state);
  const block: Block = { height: 0, timeMs: genesis.createdMs, transactions: [] };
  const city = blockCity(rules, overlay, block);
  applyGenesis(genesis, rules.genesis, city);
  beginWithVersion(migrations, city, first);
  overlay.keep();
  const validatorSetDigest = effectivePolicyDigest(rules, overlay);
  const done = { changes: overlay.changes(), leaves: [], outcomes: [], validatorSetDigest, mustHaveLeaf: true };
  return { ...closeBlock(state, block, done), validatorUpdates: [], newVersion: null };
}

/** What a block did; `leaves` are those of its transactions. */
type Done = Pick<BlockOutcome, 'outcomes' | 'changes' | 'leaves'> & {
  readonly validatorSetDigest: Bytes;
  /** Also where nothing happened. */
  readonly mustHaveLeaf: boolean;
};

function closeBlock(
  state: LedgerState,
  block: Block,
  { outcomes, changes, leaves, validatorSetDigest, mustHaveLeaf }: Done,
): Omit<BlockOutcome, 'validatorUpdates' | 'newVersion'> {
  const count = leaves.length;
  if (count === 0 && changes.length === 0 && !mustHaveLeaf) return { outcomes, changes, leaves, blockLeaf: null };
  const { height, timeMs } = block;
  const blockLeaf: BlockLeaf = {
    height,
    timeMs,
    stateRoot: state.rootAfter(changes),
    validatorSetDigest,
    firstIndex: state.logSize,
    count,
  };
  return { outcomes, changes, leaves: [...leaves, encodeBlockLeaf(blockLeaf)], blockLeaf };
}

/** SHA-256 of the policy in force before the block: the set that cosigns it. */
function effectivePolicyDigest(rules: LedgerRules, state: Pick<StateReader, 'read'>): Bytes {
  const effective = recordsOf(state).read(at(policyEffectiveKind));
  if (effective === null) throw new Error('no policy in force');
  return rules.crypto.sha256(effective.policy);
}

function requireVersion({ registry }: LedgerRules, state: Pick<StateReader, 'read'>, height: number): void {
  const refused = checkVersion(registry.migrations, recordsOf(state), height);
  if (refused !== null) throw formatError(refused.code, refused.details);
}

function versionIn(state: Pick<StateReader, 'read'>): number {
  return rulesVersion(recordsOf(state));
}

function recordsOf(state: Pick<StateReader, 'read'>) {
  return {
    read<V>({ kind, key }: StateRef<V>): V | null {
      const value = state.read(key);
      return value === null ? null : parseState(kind, value);
    },
  };
}

function validatorsIn(state: Pick<StateReader, 'read'>): readonly Validator[] {
  return recordsOf(state).read(at(validatorSetKind))?.validators ?? [];
}

function beginBlock(rules: LedgerRules, overlay: StateOverlay, block: Block): void {
  const city = blockCity(rules, overlay, block);
  upgradeState(rules.registry.migrations, city);
  rules.registry.beginBlock(city, block.misbehaviour ?? []);
  overlay.keep();
}

/** The city outside any transaction: nobody asks, events go nowhere. */
function blockCity(rules: LedgerRules, overlay: StateOverlay, block: Block): City {
  const execute = (): Rejection => {
    throw new Error('no actions outside a transaction');
  };
  return cityView(
    overlay,
    { ...surroundings(rules, block, FIRST_VERSION), transactionId: NO_ID, authority: { signers: [] }, execute },
    [],
  );
}

/** What is the same for every action of a block. */
function surroundings(rules: Omit<LedgerRules, 'recall'>, { height, timeMs }: Block, version: number) {
  const checkAction = (action: Action): Rejection | null => {
    const parsed = parseAgain(rules.registry, [action], version);
    return 'code' in parsed ? parsed : null;
  };
  return { crypto: rules.crypto, genesis: rules.genesis, height, timeMs, checkAction, version };
}

/** Parses actions that reached the ledger inside another action: a proposal may outlive the rules it was written for. */
function parseAgain(registry: Registry, actions: readonly Action[], version: number): readonly ParsedAction[] | Rejection {
  return answerOf(() => actions.map((action) => parseAction(registry, action, version)));
}

/** Runs the actions of one transaction in order on the running state; the first refusal undoes all of them. */
function runTransaction(
  rules: Omit<LedgerRules, 'recall'>,
  overlay: StateOverlay,
  around: ReturnType<typeof surroundings>,
  transaction: Pick<AdmittedTransaction, 'id' | 'signers' | 'actions'>,
) {
  const events: LedgerEvent[] = [];
  const cityAs = (authority: Authority): City =>
    cityView(overlay, { ...around, transactionId: transaction.id, authority, execute }, events);
  const execute = (actions: readonly Action[], body: Bytes): Rejection | null => {
    const parsed = parseAgain(rules.registry, actions, around.version);
    return 'code' in parsed ? parsed : runActions(parsed, cityAs({ body }));
  };

  const rejection = runActions(transaction.actions, cityAs({ signers: transaction.signers }));
  if (rejection !== null) {
    overlay.drop();
    const result: Result = { code: rejection.code, events: [] };
    return { result, rejection };
  }
  overlay.keep();
  const result: Result = { code: 'OK', events };
  return { result, rejection: null };
}

function runActions(actions: readonly ParsedAction[], city: City): Rejection | null {
  for (const { definition, body } of actions) {
    if (definition.dangerous && !('body' in city.authority)) return reject('PROPOSAL_REQUIRED', { kind: definition.kind });
    const refused = answerOf(() => definition.check(body, city)) ?? definition.apply(body, city);
    if (refused !== null) return refused;
  }
  return null;
}

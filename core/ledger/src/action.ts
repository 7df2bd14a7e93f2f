/**
 * The registry of what can happen in a city. A contract is a list of action definitions; the ledger knows none by name.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError, formatError, type Rejection, reject } from '@oppidum/formats/errors';
import type { Genesis } from '@oppidum/formats/genesis';
import { type Schema, type StructOf, struct } from '@oppidum/formats/schema';
import { FIRST_VERSION } from '@oppidum/formats/state-upgrades';
import type { Action } from '@oppidum/formats/transaction';
import type { City } from './city.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import type { Migrations } from './upgrade.ts';

/** One kind of action: its body, whether it needs a body's decision, its checks, its effects. */
export type ActionDefinition<B> = {
  /** `area/verb`, as in `device/register`. Never reused for another meaning. */
  readonly kind: string;
  readonly body: Schema<B>;
  /** Dangerous actions run only inside an approved proposal; a transaction that holds one directly is PROPOSAL_REQUIRED. */
  readonly dangerous: boolean;
  /** The version of the rules from which on there is such an action. */
  readonly since: number;
  /** The documented refusals, in their documented order; reads only. A FormatError thrown here is a refusal with its code. */
  check(body: B, city: City): Rejection | null;
  /** All effects, after every check. Returns a Rejection only where effects run other actions (proposals); the ledger then undoes all. */
  apply(body: B, city: City): Rejection | null;
};

// Methods, not properties: their bivariance lets definitions of many bodies stand in one table.
export type AnyAction = ActionDefinition<unknown>;
type Fields = Readonly<Record<string, Schema<unknown>>>;

/**
 * Declares an action; the body's type follows from its fields. `dangerous` defaults to false, `since` to the first version, an `apply`
 * without result to success.
 */
export function defineAction<const F extends Fields>(definition: {
  readonly kind: string;
  readonly body: F;
  readonly dangerous?: boolean;
  readonly since?: number;
  check(body: StructOf<F>, city: City): Rejection | null;
  apply(body: StructOf<F>, city: City): Rejection | null | undefined;
}): ActionDefinition<StructOf<F>> {
  return {
    kind: definition.kind,
    body: struct(definition.body),
    dangerous: definition.dangerous ?? false,
    since: definition.since ?? FIRST_VERSION,
    check: (body, city) => definition.check(body, city),
    apply: (body, city) => definition.apply(body, city) ?? null,
  };
}

/** The rules of a city, as the ledger takes them. */
export type Registry = {
  readonly actions: ReadonlyMap<string, AnyAction>;
  /** Writes the records that follow from the genesis document. */
  readonly applyGenesis: (genesis: Genesis, genesisHash: Bytes, city: City) => void;
  /** Runs before the transactions of every block: what was decided earlier and comes into force now, and what the engine proved. */
  readonly beginBlock: (city: City, misbehaviour: readonly Misbehaviour[]) => void;
  /** True when the block of this height, the next one, has work of its own even without transactions. */
  readonly hasPendingWork: (city: Pick<City, 'read' | 'height'>) => boolean;
  /** The versions of the rules after the first that this program executes. */
  readonly migrations: Migrations;
};

/** Builds the action table. Throws when two definitions claim one kind: a broken build, not bad input. */
export function actionTable(...areas: readonly (readonly AnyAction[])[]): ReadonlyMap<string, AnyAction> {
  const table = new Map<string, AnyAction>();
  for (const action of areas.flat()) {
    if (table.has(action.kind)) throw new Error(`two actions of kind ${action.kind}`);
    table.set(action.kind, action);
  }
  return table;
}

/** An action whose kind is known and whose body has the right shape. */
export type ParsedAction = { readonly definition: AnyAction; readonly body: unknown };

/**
 * Finds the definition and parses the body, by a version of the rules or by any that there is. Throws FormatError: ACTION_UNKNOWN or what
 * the body's schema says.
 */
export function parseAction(registry: Registry, action: Action, version = Number.POSITIVE_INFINITY): ParsedAction {
  const definition = registry.actions.get(action.kind);
  if (definition === undefined || definition.since > version) throw formatError('ACTION_UNKNOWN', { kind: action.kind });
  return { definition, body: definition.body.parse(action.body, '') };
}

/** Bytes that mean nothing (envelopes, and keys, notes or policies that an action carries) are refused with the code of their FormatError. */
export function answerOf<T>(attempt: () => T): T | Rejection {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}

/**
 * The council of a simulated city decides who its validators are: a reader comes, one goes, one gets other keys. What it sends may be lost,
 * come late or in the wrong order, as everything; what it wants leaves fewer than a third of the seats to the dishonest.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { cityOrigin } from '@oppidum/formats/ids';
import { encodePolicy } from '@oppidum/formats/policy';
import { policyPendingKind, proposalKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { type Validator, validatorSetKind } from '@oppidum/formats/state-validators';
import { namedId, type TestCity } from '../support/ledger.ts';
import { namedSigner } from '../support/signers.ts';
import type { Dice } from './dice.ts';
import { KEYS_MAX, keyName } from './seats.ts';

const LIFETIME_MS = 300_000;
/** With one fewer nobody might be missing. */
const SEATS_MIN = 4;

export type CouncilOptions = {
  readonly city: TestCity;
  readonly machineCount: number;
  readonly byzantine: ReadonlySet<number>;
  readonly dice: Dice;
  readonly clockMs: () => number;
};

/** One council. */
export class Council {
  readonly #options: CouncilOptions;
  /** By machine: how many sets of keys it was given so far. */
  readonly #given: number[];
  #open: Bytes | null = null;
  proposedCount = 0;

  constructor(options: CouncilOptions) {
    this.#options = options;
    const { validators } = options.city.genesis;
    this.#given = Array.from({ length: options.machineCount }, (_, number) => (number < validators.length ? 1 : 0));
  }

  /** What its members send now, where there is something to decide. */
  next(): Bytes[] {
    const { city } = this.#options;
    if (this.#open !== null && city.read(at(proposalKind, this.#open)) !== null) {
      const id = this.#open;
      this.#open = null;
      return [this.#sign('ben', 'proposal/approve', { id })];
    }
    const wanted = city.read(at(policyPendingKind)) === null ? this.#choose() : null;
    if (wanted === null) return [];
    this.#open = namedId(`change of validators ${this.proposedCount++}`);
    return [this.#propose(this.#open, wanted)];
  }

  #propose(id: Bytes, validators: readonly Validator[]): Bytes {
    const { city, clockMs } = this.#options;
    const origin = cityOrigin(city.genesis.name, city.rules.genesis);
    const policy = encodePolicy(city.rules.crypto, policyOfValidators(origin, validators));
    const named = validators.map(({ cosignerKey: _, ...rest }) => rest);
    const actions = [city.action('policy/change', { policy, validators: named })];
    return this.#sign('anna', 'proposal/create', { id, body: city.genesis.council, actions, expiresMs: clockMs() + LIFETIME_MS });
  }

  #choose(): readonly Validator[] | null {
    const { city, machineCount, byzantine, dice } = this.#options;
    const seated = city.read(at(validatorSetKind))?.validators ?? [];
    const numbers = new Map(seated.map((validator) => [Number(validator.name.replace('validator-', '')), validator]));
    const number = dice.below(machineCount);
    const present = numbers.get(number);
    const others = seated.filter((validator) => validator !== present);
    if (present === undefined) return byzantine.has(number) ? null : this.#with(others, number);
    if (dice.once(2)) return this.#with(others, number);
    return byzantine.has(number) || others.length < SEATS_MIN ? null : others;
  }

  /** The others and this one with keys that it never had; null where it had all that there are. */
  #with(others: readonly Validator[], number: number): readonly Validator[] | null {
    const set = this.#given[number] as number;
    if (set >= KEYS_MAX) return null;
    this.#given[number] = set + 1;
    const keyOf = (use: 'log' | 'cosigner' | 'consensus'): Bytes => namedSigner(keyName(number, use, set)).publicKey;
    const keys = { logKey: keyOf('log'), cosignerKey: keyOf('cosigner'), consensusKey: keyOf('consensus') };
    return [...others, { name: `validator-${number}`, ...keys }];
  }

  #sign(by: string, kind: string, body: object): Bytes {
    const { city, clockMs } = this.#options;
    return city.transaction(by, [city.action(kind, body)], { validUntil: clockMs() + LIFETIME_MS });
  }
}

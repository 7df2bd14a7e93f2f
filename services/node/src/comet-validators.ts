/** Validators between two vocabularies: CometBFT's powers, addresses and evidence, and the city's keys. */

import type { Requests, Responses } from '@oppidum/abci/methods';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import type { Genesis } from '@oppidum/formats/genesis';
import type { Misbehaviour } from '@oppidum/ledger/misbehaviour';
import type { ValidatorUpdate } from '@oppidum/ledger/validator-updates';
import { MisbehaviorType } from 'cosmjs-types/tendermint/abci/types';

/**
 * What one vote is to CometBFT. It lets whoever has a third of all power, rounded down, begin without fetching blocks: at power 1 that
 * would be each of four or five validators, and one that was away would follow the others block by block.
 */
export const VOTE_POWER = 10;

type CometUpdate = Responses['finalizeBlock']['validatorUpdates'][number];

/** A change of who votes, as CometBFT takes it. */
export function updateOf({ consensusKey, power }: ValidatorUpdate): CometUpdate {
  return { pubKey: { ed25519: consensusKey }, power: BigInt(VOTE_POWER * power) };
}

/** What CometBFT proved, in the order of the block; kinds that this version does not know prove nothing to it. */
export function misbehaviourOf({ misbehavior }: Pick<Requests['finalizeBlock'], 'misbehavior'>): readonly Misbehaviour[] {
  return misbehavior.flatMap(({ type, validator, height }): Misbehaviour[] => {
    const proven = { address: validator.address.slice(), voteHeight: Number(height) };
    if (type === MisbehaviorType.DUPLICATE_VOTE) return [{ kind: 'duplicate-vote', ...proven }];
    return type === MisbehaviorType.LIGHT_CLIENT_ATTACK ? [{ kind: 'light-client-attack', ...proven }] : [];
  });
}

/**
 * The validators of CometBFT's genesis document must be those of the city's, each with the same power, where that names consensus keys. Throws
 * VALIDATORS_DIFFER with the first that differs.
 */
export function requireSameValidators(
  { validators }: Pick<Genesis, 'validators'>,
  given: Requests['initChain']['validators'],
): void {
  const want = new Map<string, string>();
  for (const { name, consensusKey } of validators) if (consensusKey !== undefined) want.set(toHex(consensusKey), name);
  if (want.size === 0) return;
  const got = new Set<string>();
  for (const { pubKey, power } of given) {
    const key = keyText(pubKey?.ed25519);
    if (!want.has(key)) throw formatError('VALIDATORS_DIFFER', { onlyInEngine: key });
    if (power !== BigInt(VOTE_POWER))
      throw formatError('VALIDATORS_DIFFER', { validator: want.get(key) ?? '', wantPower: VOTE_POWER, got: String(power) });
    got.add(key);
  }
  for (const [key, validator] of want) {
    if (!got.has(key)) throw formatError('VALIDATORS_DIFFER', { onlyInCity: validator, consensusKey: key });
  }
}

function keyText(key: Bytes | undefined): string {
  return key === undefined ? 'a key that is no Ed25519 key' : toHex(key);
}

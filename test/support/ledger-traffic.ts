/** Random transactions, valid and invalid, with the codes that each may get: the same from the same seed, but for keys and nonces. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Action, TransactionSigner } from '@oppidum/formats/transaction';
import { Dice } from '../simulator/dice.ts';
import { actionOf, envelopeOf, freshAccount, freshBytes, type RunningCity } from './running-city.ts';

export type SentEnvelope = { readonly envelope: Bytes; readonly expected: readonly string[] };

type Maker = (dice: Dice) => SentEnvelope;

/** So many envelopes, to be sent in any order; time is this machine's. */
export function randomTraffic(seed: number, city: RunningCity, count: number): SentEnvelope[] {
  const dice = new Dice(seed);
  const sent: SentEnvelope[] = [];
  const known: { readonly id: Bytes; readonly action: Action }[] = [];
  const { client, operator, telemetry } = city;
  const sign = (by: TransactionSigner, actions: readonly Action[], untilMs = 300_000): Bytes =>
    envelopeOf(client, by, actions, Date.now() + untilMs);
  const create: Maker = () => {
    const account = freshAccount();
    known.push(account);
    // Another envelope creates the same account: whichever comes first.
    return { envelope: sign(operator, [account.action]), expected: ['OK', 'ACCOUNT_EXISTS'] };
  };
  const makers: readonly [Maker, ...Maker[]] = [
    create,
    create,
    create,
    () => ({ envelope: sign(operator, [freshAccount().action, freshAccount().action]), expected: ['OK'] }),
    () => ({ envelope: sign(telemetry, [freshAccount().action]), expected: ['NOT_AUTHORIZED'] }),
    (at) => {
      const account = known[at.below(known.length || 1)];
      return account === undefined
        ? create(at)
        : { envelope: sign(operator, [account.action]), expected: ['OK', 'ACCOUNT_EXISTS'] };
    },
    () => ({
      envelope: sign(operator, [freshAccount().action, freshAccount().action, dangerous()]),
      expected: ['PROPOSAL_REQUIRED'],
    }),
    () => ({
      envelope: sign({ ...operator, signer: telemetry.signer }, [freshAccount().action]),
      expected: ['SIGNATURE_INVALID'],
    }),
    () => ({ envelope: sign(operator, [freshAccount().action], -1), expected: ['EXPIRED'] }),
    () => ({ envelope: sign(operator, [freshAccount().action], 1_200_000), expected: ['NOT_YET_VALID'] }),
    () => ({ envelope: sign(operator, [{ kind: 'no/such', body: new Map() }]), expected: ['ACTION_UNKNOWN'] }),
    () => ({ envelope: sign(freshAccount().signer, [freshAccount().action]), expected: ['ACCOUNT_UNKNOWN'] }),
    () => ({ envelope: sign(operator, [freshAccount().action]).slice(0, -1), expected: ['TRUNCATED'] }),
    // The same bytes again are the same transaction and get its answer.
    (at) => sent[at.below(sent.length || 1)] ?? create(at),
  ];
  const dangerous = (): Action => actionOf('role/grant', { account: freshBytes(32), role: 'registrar' });
  while (sent.length < count) sent.push(dice.pick(makers)(dice));
  if (new Set(sent.map(({ envelope }) => toHex(envelope))).size < 2) throw new Error('traffic that is all the same');
  return sent;
}

/** How the vectors of the ledger are written: histories of a small city, each ending in one transaction and what it comes to. */

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { toHex } from '@oppidum/formats/bytes';
import { encodeGenesis } from '@oppidum/formats/genesis';
import { encodeEvents } from '@oppidum/formats/result';
import type { TestCity } from '../test/support/ledger.ts';

export type Step = (city: TestCity) => unknown;
/** Why, what happens before, and the last act: signers, kind, body. */
export type Case = readonly [
  why: string,
  before: readonly Step[],
  last: (city: TestCity) => readonly [string | readonly string[], string, object],
];
/** Name and text. */
export type VectorFile = readonly [name: string, text: string];

/** A file for each list of cases, all from cities that begin alike. */
export function renderLedgerVectors(
  makeCity: () => TestCity,
  files: Readonly<Record<string, readonly Case[]>>,
): readonly VectorFile[] {
  const genesis = toHex(encodeGenesis(makeCity().genesis));
  return Object.entries(files).map(([name, cases]) => {
    const rendered = cases.map((one) => renderCase(makeCity, one));
    return [`${name}.json`, `${JSON.stringify({ genesis, cases: rendered }, null, 2)}\n`];
  });
}

/** Writes them to their folder of `vectors`. */
export function writeLedgerVectors(area: string, files: readonly VectorFile[]): void {
  const folder = join(resolve(import.meta.dirname, '..'), 'vectors', area);
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
}

function renderCase(makeCity: () => TestCity, [why, before, last]: Case) {
  const city = makeCity();
  for (const step of before) step(city);
  const pre = city.blocks.map(({ timeMs, transactions, misbehaviour = [] }) => ({
    timeMs,
    transactions: transactions.map(toHex),
    ...(misbehaviour.length === 0
      ? {}
      : { misbehaviour: misbehaviour.map(({ address, ...rest }) => ({ ...rest, address: toHex(address) })) }),
  }));
  const [signers, kind, body] = last(city);
  const transaction = city.transaction(signers, [city.action(kind, body)]);
  const { outcomes, leaves, validatorUpdates } = city.block([transaction]);
  const updates = validatorUpdates.map(({ consensusKey, power }) => ({ consensusKey: toHex(consensusKey), power }));
  const [outcome] = outcomes;
  if (outcome === undefined) throw new Error('one transaction has one outcome');
  const { code, admitted } =
    'executed' in outcome ? { code: outcome.executed.code, admitted: true } : { code: outcome.refused.code, admitted: false };
  return {
    why,
    pre,
    timeMs: city.timeMs,
    transaction: toHex(transaction),
    code,
    admitted,
    ...('executed' in outcome ? { events: toHex(encodeEvents(outcome.executed.events)) } : {}),
    leaves: leaves.map(toHex),
    ...(updates.length === 0 ? {} : { validatorUpdates: updates }),
    stateRoot: toHex(city.state.stateRoot),
    appHash: toHex(city.state.appHash),
  };
}

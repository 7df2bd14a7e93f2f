/**
 * Writes vectors/upgrades/*.json: the state before and after the block of an upgrade, and blocks that a program refuses whose versions do
 * not reach. `node tools/upgrade-vectors.ts`; specs/ledger.md says how to read them. Keys are the test keys of test/support/signers.ts.
 */

import { toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { encodeGenesis } from '@oppidum/formats/genesis';
import { type BlockOutcome, executeBlock } from '@oppidum/ledger/block';
import { makeCity, namedId, type TestCity } from '../test/support/ledger.ts';
import { registryKnowing } from '../test/support/migrations.ts';
import { type VectorFile, writeLedgerVectors } from './ledger-vectors.ts';

/** Why, the versions that the program knows beside the first, what happens before, and the transactions of the last block. */
type Case = readonly [
  why: string,
  knows: readonly number[],
  before: (city: TestCity) => void,
  last?: (city: TestCity) => readonly Uint8Array[],
];

const BOTH = [2, 3];
const DAY_MS = 86_400_000;
const BLOCK_MS = 1_000;

const plan = (city: TestCity, version: number, height: number): void => {
  const code = city.decide('upgrade/plan', { version, height });
  if (code !== 'OK') throw new Error(code);
};
const runTo = (city: TestCity, height: number): void => {
  while (city.height < height) city.block();
};
/** Version 2 begins with block 5, and it is the next. */
const beforeTwo = (city: TestCity): void => {
  plan(city, 2, 5);
  runTo(city, 4);
};
const inTwo = (city: TestCity): void => {
  beforeTwo(city);
  runTo(city, 6);
};
const propose =
  (days: number, label = 'long') =>
  (city: TestCity) =>
    city.transaction('anna', [
      city.action('proposal/create', {
        id: namedId(label),
        body: namedId('council'),
        actions: [city.action('account/close', { account: namedId('registrar') })],
        expiresMs: city.timeMs + days * DAY_MS,
      }),
    ]);
/** Version 3 begins with block 12, and it is the next: one proposal is open, one withdrawn, those of the plans executed. */
const beforeThree = (city: TestCity): void => {
  inTwo(city);
  plan(city, 3, 12);
  city.send(propose(40, 'open')(city));
  city.send(propose(50, 'withdrawn')(city));
  city.act('anna', 'proposal/withdraw', { id: namedId('withdrawn') });
  runTo(city, 11);
};

const MIGRATED: readonly Case[] = [
  ['the block of the plan begins with the migration', BOTH, beforeTwo],
  ['so does it with a program that knows no later one', [2], beforeTwo],
  ['what it carries is judged by the state after it', BOTH, beforeTwo, (city) => [propose(45)(city)]],
  [
    'what the block before carries is not',
    BOTH,
    (city) => {
      plan(city, 2, 5);
      runTo(city, 3);
    },
    (city) => [propose(45)(city)],
  ],
  [
    'the block after it migrates nothing again',
    BOTH,
    (city) => {
      beforeTwo(city);
      city.block();
    },
    (city) => [propose(45)(city)],
  ],
  ['one version after the other: records go', BOTH, beforeThree],
  ['a version begins alike with a program that left out the one before', [3], beforeThree],
  [
    'what was cancelled migrates nothing',
    BOTH,
    (city) => {
      plan(city, 2, 9);
      city.decide('upgrade/cancel', {});
      runTo(city, 8);
    },
  ],
  [
    'a version is not left out: the plan is refused',
    BOTH,
    (city) => {
      city.act('anna', 'proposal/create', {
        id: namedId('skip'),
        body: namedId('council'),
        actions: [city.action('upgrade/plan', { version: 3, height: 9 })],
        expiresMs: city.timeMs + DAY_MS,
      });
    },
    (city) => [city.transaction('ben', [city.action('proposal/approve', { id: namedId('skip') })])],
  ],
];

const REFUSED: readonly Case[] = [
  ['a program that knows no other version than the first, at the block of the second', [], beforeTwo],
  ['the same, given a state of the second', [], inTwo],
  ['a program that knows the second, at the block of the third', [2], beforeThree],
  ['a program that left the second out, at its block', [3], beforeTwo],
  ['the same, given a state of the second', [3], inTwo],
];

/** File name and text of every vector file. */
export function renderUpgradeVectors(): readonly VectorFile[] {
  return Object.entries({ migrated: MIGRATED, refused: REFUSED }).map(([name, cases]) => {
    const genesis = toHex(encodeGenesis(makeCity().genesis));
    return [`${name}.json`, `${JSON.stringify({ genesis, cases: cases.map(renderCase) }, null, 2)}\n`];
  });
}

function renderCase([why, knows, before, last = () => []]: Case) {
  const city = makeCity({ registry: registryKnowing(BOTH) });
  before(city);
  const pre = city.blocks.map(({ timeMs, transactions }) => ({ timeMs, transactions: transactions.map(toHex) }));
  const transactions = last(city);
  const timeMs = city.timeMs + BLOCK_MS;
  const rules = { ...city.rules, registry: registryKnowing(knows) };
  const records = city.state.records().map(({ key, value }) => [toHex(key), toHex(value)]);
  const known = { why, knows, pre, before: { records, stateRoot: toHex(city.state.stateRoot) } };
  const block = { height: city.height + 1, timeMs, transactions };
  try {
    const outcome = executeBlock(rules, city.state, block);
    city.state.commit(outcome);
    return { ...known, timeMs, transactions: transactions.map(toHex), after: renderAfter(city, outcome) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { ...known, timeMs, transactions: transactions.map(toHex), refused: { code: error.code, ...error.details } };
  }
}

function renderAfter(city: TestCity, { changes, leaves, newVersion, outcomes }: BlockOutcome) {
  return {
    newVersion,
    codes: outcomes.map((outcome) => ('executed' in outcome ? outcome.executed.code : outcome.refused.code)),
    changes: changes.map(({ key, value }) => [toHex(key), value === null ? null : toHex(value)]),
    leaves: leaves.map(toHex),
    stateRoot: toHex(city.state.stateRoot),
    appHash: toHex(city.state.appHash),
  };
}

if (import.meta.main) writeLedgerVectors('upgrades', renderUpgradeVectors());

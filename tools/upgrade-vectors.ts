/**
 * Writes vectors/upgrades/*.json: the state before and after the block of an upgrade, what version 2 changes, and blocks that a program
 * refuses whose versions do not reach. `node tools/upgrade-vectors.ts`; specs/ledger.md says how to read them. Keys are the test keys of test/support/signers.ts.
 */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { FormatError } from '@oppidum/formats/errors';
import { encodeGenesis } from '@oppidum/formats/genesis';
import { encodePolicy } from '@oppidum/formats/policy';
import { cityKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { type BlockOutcome, executeBlock } from '@oppidum/ledger/block';
import { makeCity, namedId, type TestCity } from '../test/support/ledger.ts';
import { registryKnowing } from '../test/support/migrations.ts';
import { namedSigner } from '../test/support/signers.ts';
import { type VectorFile, writeLedgerVectors } from './ledger-vectors.ts';

/** Why, the versions that the program knows beside the first, what happens before, and the transactions of the last block. */
type Case = readonly [
  why: string,
  knows: readonly number[],
  before: (city: TestCity) => void,
  last?: (city: TestCity) => readonly Uint8Array[],
];

type VectorCases = { readonly rulesVersion?: number; readonly cases: readonly Case[] };

const EVERY = [2, 3, 4];
const DAY_MS = 86_400_000;
const BLOCK_MS = 1_000;

const decide = (city: TestCity, ...actions: readonly (readonly [string, object])[]): void => {
  const code = city.decideAll(actions);
  if (code !== 'OK') throw new Error(code);
};
const plan = (city: TestCity, version: number, height: number): void => decide(city, ['upgrade/plan', { version, height }]);
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
/** Version 3 begins with block 10, and it is the next. */
const beforeThree = (city: TestCity): void => {
  inTwo(city);
  plan(city, 3, 10);
  runTo(city, 9);
};
const inThree = (city: TestCity): void => {
  beforeThree(city);
  runTo(city, 11);
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
/** Version 4 begins with block 17, and it is the next: one proposal is open, one withdrawn, those of the plans executed. */
const beforeFour = (city: TestCity): void => {
  inThree(city);
  plan(city, 4, 17);
  city.send(propose(40, 'open')(city));
  city.send(propose(50, 'withdrawn')(city));
  city.act('anna', 'proposal/withdraw', { id: namedId('withdrawn') });
  runTo(city, 16);
};

const MIGRATED: readonly Case[] = [
  ['the block of the plan is the first of the version', EVERY, beforeTwo],
  ['so is it with a program that knows no later one', [2], beforeTwo],
  ['it begins with the migration', EVERY, beforeThree],
  ['what it carries is judged by the state after that', EVERY, beforeThree, (city) => [propose(45)(city)]],
  [
    'what the block before carries is not',
    EVERY,
    (city) => {
      inTwo(city);
      plan(city, 3, 10);
    },
    (city) => [propose(45)(city)],
  ],
  [
    'the block after it migrates nothing again',
    EVERY,
    (city) => {
      beforeThree(city);
      city.block();
    },
    (city) => [propose(45)(city)],
  ],
  ['one version after the other: records go', EVERY, beforeFour],
  ['a version begins alike with a program that left out the one before', [2, 4], beforeFour],
  [
    'what was cancelled migrates nothing',
    EVERY,
    (city) => {
      plan(city, 2, 9);
      decide(city, ['upgrade/cancel', {}]);
      runTo(city, 8);
    },
  ],
  [
    'a version is not left out: the plan is refused',
    EVERY,
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
  ['a program that knows the third, at the block of the fourth', [2, 3], beforeFour],
  ['a program that left the third out, at its block', [2, 4], beforeThree],
  ['the same, given a state of the third', [2, 4], inThree],
];

/** The action that names another set. */
const change = (city: TestCity, label: string): readonly [string, object] => {
  const [logKey, cosignerKey] = ['log', 'cosigner'].map((use) => namedSigner(`${label} ${use}`).publicKey) as [Bytes, Bytes];
  const policy = policyOfValidators(city.read(at(cityKind))?.origin ?? '', [{ name: label, logKey, cosignerKey }]);
  return ['policy/change', { policy: encodePolicy(city.rules.crypto, policy) }];
};
const createAccount = (city: TestCity) => {
  const { algorithm, publicKey } = namedSigner('newcomer');
  const fields = { id: namedId('newcomer'), holder: 'person', key: { algorithm, publicKey }, class: 'full' };
  return city.transaction('registrar', [city.action('account/create', fields)]);
};
/** A change decided in block 2 of a city at rest. */
const changed = (city: TestCity): void => decide(city, change(city, 'next'));
/** The same, and version 2 begins with this block: 3 is the one of the new policy, 4 the first that its set cosigns. */
const changedAndPlanned =
  (version2: number, height: number) =>
  (city: TestCity): void => {
    decide(city, change(city, 'next'), ['upgrade/plan', { version: 2, height: version2 }]);
    runTo(city, height);
  };
const runningTo =
  (before: (city: TestCity) => void, height: number) =>
  (city: TestCity): void => {
    before(city);
    runTo(city, height);
  };
const nothingBefore = (): void => undefined;

const FOUNDED: readonly Case[] = [
  ['a city begins with version 2: the set that genesis names cosigned genesis, so block 1 has no leaf', EVERY, nothingBefore],
  ['the block that puts a policy into force names the set before it', [2], changed],
  ['the block after it, in which nothing happens, has a leaf that names the new set', [2], runningTo(changed, 3)],
  ['the same by a program that knows later versions', EVERY, runningTo(changed, 3)],
  [
    'where something happens in it, it has one leaf of its own and no more',
    [2],
    runningTo(changed, 3),
    (city) => [createAccount(city)],
  ],
  ['the block after that is quiet again', [2], runningTo(changed, 4)],
  [
    'two changes one after the other: each set has a block of its own',
    [2],
    (city) => {
      changed(city);
      const proposal = { id: namedId('second'), body: namedId('council'), expiresMs: city.timeMs + DAY_MS };
      const [kind, body] = change(city, 'second');
      city.act('anna', 'proposal/create', { ...proposal, actions: [city.action(kind, body)] });
      city.act('ben', 'proposal/approve', { id: proposal.id });
      runTo(city, 5);
    },
  ],
];

const NEW_SET: readonly Case[] = [
  ['by version 1 a new set has nothing to cosign while nothing happens', EVERY, runningTo(changed, 3)],
  ['version 2 begins with the block that puts the policy into force: the next has a leaf', [2], changedAndPlanned(3, 3)],
  ['version 2 begins with the first block of the new set', [2], changedAndPlanned(4, 3)],
  [
    'version 2 begins with the block after: what it missed has its leaf now, by the change of version',
    [2],
    changedAndPlanned(5, 4),
  ],
  ['and the one after that has none', [2], changedAndPlanned(5, 5)],
];

const FILES: Readonly<Record<string, VectorCases>> = {
  founded: { rulesVersion: 2, cases: FOUNDED },
  migrated: { cases: MIGRATED },
  'new-set': { cases: NEW_SET },
  refused: { cases: REFUSED },
};

/** File name and text of every vector file. */
export function renderUpgradeVectors(): readonly VectorFile[] {
  return Object.entries(FILES).map(([name, { cases, ...begin }]) => {
    const found = (): TestCity => makeCity({ registry: registryKnowing(EVERY), ...begin });
    const genesis = toHex(encodeGenesis(found().genesis));
    return [`${name}.json`, `${JSON.stringify({ genesis, cases: cases.map((each) => renderCase(found(), each)) }, null, 2)}\n`];
  });
}

function renderCase(city: TestCity, [why, knows, before, last = () => []]: Case) {
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

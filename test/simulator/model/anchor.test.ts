import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDeviceCity, TestShard } from '../../support/devices.ts';
import { namedId } from '../../support/ledger.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { ANCHOR_RULES, type AnchorRules, anchorModel, logsUpTo, type Shard } from './anchor.ts';
import { explore, keepOnly } from './explore.ts';

const SIZE_MAX: Readonly<Record<Shard, number>> = { honest: 4, liar: 3 };
const STATES: Readonly<Record<Shard, number>> = { honest: 4_589, liar: 12_215 };

for (const shard of ['honest', 'liar'] as const) {
  test(`every history of a shard that is ${shard} keeps the invariants`, (t) => {
    const { broken, states, transitions, depth } = explore(anchorModel(shard, SIZE_MAX[shard]), 1_000_000);
    t.diagnostic(`${states} states, ${transitions} steps, depth ${depth}`);
    assert.equal(broken, null);
    assert.equal(states, STATES[shard], 'docs/precision.md states it');
  });
}

const { anchor, report } = ANCHOR_RULES;
const always = (code: string) => () => code;
const PLANTED: readonly (readonly [what: string, shard: Shard, changes: Partial<AnchorRules>, invariant: string])[] = [
  [
    'heads are signed before they are durable',
    'honest',
    { signsDurable: false },
    '2. what was acknowledged is in the log, also after a power cut',
  ],
  [
    'the same where nothing was acknowledged',
    'honest',
    { signsDurable: false, acknowledges: 'nothing' },
    'a shard that keeps one log signs one history',
  ],
  [
    'readings are acknowledged before they are signed',
    'honest',
    { acknowledges: 'what is there' },
    '2. what was acknowledged is in the log, also after a power cut',
  ],
  [
    'no consistency is asked',
    'liar',
    { anchor: (given) => (anchor(given) === 'ROOT_MISMATCH' ? 'OK' : anchor(given)) },
    '1. all anchored heads are heads of one log',
  ],
  [
    'an older head is anchored',
    'honest',
    { anchor: (given) => (anchor(given) === 'ANCHOR_NOT_NEWER' ? 'OK' : anchor(given)) },
    '1. all anchored heads are heads of one log',
  ],
  [
    'a frozen shard anchors',
    'liar',
    { anchor: (given) => anchor({ ...given, isFrozen: false }) },
    'a frozen shard anchors nothing and stays frozen',
  ],
  [
    'readings are acknowledged that the anchored log does not have',
    'honest',
    { signsDurable: false, acknowledges: 'what is there' },
    '2. what was acknowledged is in every later anchor of its size',
  ],
  ['a report is believed unread', 'liar', { report: always('OK') }, 'only who signed two histories is frozen'],
  [
    'two heads of one log are a fork',
    'honest',
    { report: (given) => (report(given) === 'FORK_UNPROVEN' ? 'OK' : report(given)) },
    'a shard that keeps one log is never frozen',
  ],
];
for (const [what, shard, changes, invariant] of PLANTED) {
  test(`found when planted: ${what}`, () => {
    const { broken } = explore(keepOnly(anchorModel(shard, 3, { ...ANCHOR_RULES, ...changes }), invariant), 1_000_000);
    assert.equal(broken?.invariant, invariant, broken?.trace.join(', '));
  });
}

test('for every invariant there is something planted that it finds', () => {
  const found = new Set(PLANTED.map((planted) => planted.at(-1)));
  assert.deepEqual(
    Object.keys(anchorModel('honest', 1).invariants).filter((name) => !found.has(name)),
    [],
  );
});

/** The log of a text, and the codes of the ledger for the shards of one city. */
const entry = (letter: string) => namedId(`entry ${letter}`);
const logOf = (text: string) => new MemoryLog([...text].map(entry));

test('the ledger answers each anchor of each head after each other as the model does', () => {
  const city = makeDeviceCity();
  const logs = logsUpTo(3);
  let number = 0;
  const seen = new Set<string>();
  for (const last of ['', ...logs]) {
    for (const head of logs) {
      const shard = new TestShard(city, number++);
      const anchored = (text: string, before: string) => {
        const log = logOf(text);
        const consistency = log.consistency(Math.min(before.length, text.length));
        return city.act(
          'telemetry',
          'telemetry/anchor',
          shard.anchorBody({ checkpoint: shard.note(log.size, log), consistency }),
        );
      };
      if (last !== '') assert.equal(anchored(last, ''), 'OK');
      const code = anchored(head, last);
      assert.equal(code, ANCHOR_RULES.anchor({ isFrozen: false, last, head }), `${head} after ${last}`);
      seen.add(code);
    }
  }
  assert.deepEqual([...seen].sort(), ['ANCHOR_NOT_NEWER', 'OK', 'ROOT_MISMATCH']);
});

test('the ledger answers each report of two heads as the model does, and a frozen shard anchors no more', () => {
  const city = makeDeviceCity();
  let number = 0;
  const seen = new Set<string>();
  for (const later of logsUpTo(3)) {
    for (const earlier of logsUpTo(3)) {
      if (earlier.length > later.length) continue;
      const shard = new TestShard(city, number++);
      const [tree, other] = [logOf(later), logOf(earlier)];
      const same = later.length === earlier.length;
      const body = {
        shard: shard.id,
        later: { note: shard.note(tree.size, tree) },
        earlier: { note: shard.note(other.size, other) },
        root: tree.root(other.size),
        consistency: same ? [] : tree.consistency(other.size),
      };
      const ask = () => city.act('rival', 'telemetry/report-fork', body);
      const code = ask();
      assert.equal(code, ANCHOR_RULES.report({ isFrozen: false, later, earlier }), `${later} against ${earlier}`);
      seen.add(code);
      if (code !== 'OK') continue;
      assert.equal(ask(), ANCHOR_RULES.report({ isFrozen: true, later, earlier }));
      shard.keep(entry('a'));
      assert.equal(shard.anchor(), ANCHOR_RULES.anchor({ isFrozen: true, last: '', head: 'a' }));
    }
  }
  assert.deepEqual([...seen].sort(), ['FORK_UNPROVEN', 'OK']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLeaf } from '@oppidum/formats/block-log';
import type { CborTag } from '@oppidum/formats/cbor';
import { parseCbor } from '@oppidum/formats/cbor';
import { eventsDigest } from '@oppidum/formats/result';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at, encodeState, stateKey } from '@oppidum/formats/state-layout';
import fc from 'fast-check';
import { counterActions, counterKind, TOTAL_MAX } from '../../../test/support/counter.ts';
import { GENESIS_MS, makeCity, namedId, registryOf, sameCity, type TestCity } from '../../../test/support/ledger.ts';
import { actionTable } from './action.ts';
import type { BlockOutcome } from './block.ts';

type Bytes = Uint8Array;

const city = (): TestCity => makeCity({ registry: registryOf(counterActions) });
const add = (made: TestCity, name: string, by: number) => made.action('counter/add', { id: namedId(name), by });
const total = (made: TestCity, name: string) => made.read(at(counterKind, namedId(name)))?.total ?? null;
const idOf = (made: TestCity, envelope: Bytes) =>
  made.rules.crypto.sha256((parseCbor(envelope) as CborTag & { value: [0, 0, Bytes] }).value[2]);
const codes = ({ outcomes }: BlockOutcome) =>
  outcomes.map((outcome) => ('executed' in outcome ? outcome.executed.code : `refused ${outcome.refused.code}`));

test('all actions of a transaction happen, in order, each on what the one before left', () => {
  const made = city();
  const actions = [add(made, 'a', 1), made.action('counter/clear', { id: namedId('a') }), add(made, 'a', 5), add(made, 'b', 2)];
  assert.equal(made.send(made.transaction('anna', actions)), 'OK');
  assert.deepEqual([total(made, 'a'), total(made, 'b')], [5, 2]);
  assert.deepEqual(
    made.events.map(({ kind, body }) => [kind, (body as Map<string, unknown>).get('total')]),
    [
      ['counter/added', 1],
      ['counter/added', 5],
      ['counter/added', 2],
    ],
  );
});

test('or none: the first refusal undoes what went before, events too, and stays on record', () => {
  const made = city();
  const before = made.state.records();
  const actions = [add(made, 'a', 1), add(made, 'b', TOTAL_MAX + 1), add(made, 'c', 1)];
  const outcome = made.block([made.transaction('anna', actions)]);
  assert.deepEqual(codes(outcome), ['NUMBER_RANGE']);
  assert.deepEqual(outcome.changes, []);
  assert.deepEqual(made.state.records(), before);
  const [executed] = outcome.outcomes;
  assert.ok(executed !== undefined && 'executed' in executed);
  assert.deepEqual(executed.executed.events, []);
  assert.deepEqual(executed.executed.rejection, { code: 'NUMBER_RANGE', details: { total: TOTAL_MAX + 1 } });
  assert.equal(outcome.leaves.length, 2, 'its own leaf and the block leaf');
});

test('a failed transaction leaves the others of its block alone', () => {
  const made = city();
  const good = made.transaction('anna', [add(made, 'a', 60)]);
  const bad = made.transaction('ben', [add(made, 'b', 1), add(made, 'a', 60)]);
  const last = made.transaction('clara', [add(made, 'a', 40)]);
  assert.deepEqual(codes(made.block([good, bad, last])), ['OK', 'NUMBER_RANGE', 'OK']);
  assert.deepEqual([total(made, 'a'), total(made, 'b')], [100, null]);
});

test('bytes inside a body that mean nothing are a refusal, not a fault of the ledger', () => {
  const made = city();
  assert.equal(made.send(made.transaction('anna', [made.action('counter/parse', {})])), 'TRUNCATED');
});

test('a dangerous action runs by a decision of a body and not otherwise', () => {
  const made = city();
  const reset = made.action('counter/reset', { id: namedId('a') });
  assert.equal(made.send(made.transaction(['anna', 'ben', 'clara'], [reset])), 'PROPOSAL_REQUIRED');
  assert.deepEqual(made.details, { kind: 'counter/reset' });
  assert.equal(made.decide('counter/reset', { id: namedId('a') }), 'OK');
  assert.equal(total(made, 'a'), 0);
});

test('the leaves say what happened: one per transaction in order, then the block', () => {
  const made = city();
  const policy = made.read(at(policyEffectiveKind))?.policy as Bytes;
  const { logSize } = made.state;
  const envelopes = [
    made.transaction('anna', [add(made, 'a', 1)]),
    made.transaction('nobody', [add(made, 'a', 1)]),
    made.transaction('ben', [add(made, 'a', TOTAL_MAX)]),
  ];
  const outcome = made.block(envelopes, GENESIS_MS + 7_777);
  assert.deepEqual(codes(outcome), ['OK', 'refused ACCOUNT_UNKNOWN', 'NUMBER_RANGE']);
  const events = [
    {
      kind: 'counter/added',
      body: new Map<string, Bytes | number>([
        ['id', namedId('a')],
        ['total', 1],
      ]),
    },
  ];
  assert.deepEqual(outcome.leaves.map(parseLeaf), [
    {
      transaction: {
        height: 1,
        position: 0,
        id: idOf(made, envelopes[0] as Bytes),
        code: 'OK',
        eventsDigest: eventsDigest(made.rules.crypto, events),
      },
    },
    {
      transaction: {
        height: 1,
        position: 1,
        id: idOf(made, envelopes[2] as Bytes),
        code: 'NUMBER_RANGE',
        eventsDigest: eventsDigest(made.rules.crypto, []),
      },
    },
    {
      block: {
        height: 1,
        timeMs: GENESIS_MS + 7_777,
        stateRoot: made.state.stateRoot,
        validatorSetDigest: made.rules.crypto.sha256(policy),
        firstIndex: logSize,
        count: 2,
      },
    },
  ]);
  const indexes = outcome.outcomes.map((one) => ('executed' in one ? [one.executed.index, one.executed.position] : null));
  assert.deepEqual(indexes, [[logSize, 0], null, [logSize + 1, 1]]);
});

test('a block in which nothing happened has no leaf and leaves the app hash', () => {
  const made = city();
  const before = made.state.appHash;
  const { leaves, blockLeaf, changes } = made.block();
  assert.deepEqual([leaves, blockLeaf, changes], [[], null, []]);
  assert.deepEqual(codes(made.block([made.transaction('nobody', [add(made, 'a', 1)])])), ['refused ACCOUNT_UNKNOWN']);
  assert.deepEqual(made.state.appHash, before);
});

test('changes are sorted, name each key once, and leave out what ends as it began', () => {
  const made = city();
  const names = ['a', 'b', 'c', 'd', 'e'];
  const outcome = made.block([
    made.transaction(
      'anna',
      [...names, ...names].map((name) => add(made, name, 1)),
    ),
    made.transaction('ben', [made.action('counter/clear', { id: namedId('c') })]),
  ]);
  const left = names.filter((name) => name !== 'c').map((name) => stateKey(counterKind, namedId(name)));
  assert.deepEqual(
    outcome.changes,
    left.sort(Buffer.compare).map((key) => ({ key, value: encodeState(counterKind, { total: 2 }) })),
  );
  const removing = made.block([made.transaction('anna', [made.action('counter/clear', { id: namedId('a') })])]);
  assert.deepEqual(removing.changes, [{ key: stateKey(counterKind, namedId('a')), value: null }]);
});

test('two actions of one kind are a broken build', () => {
  assert.throws(() => actionTable(counterActions, counterActions), /two actions of kind counter\/add/);
});

/** One step of a random history: who adds how much to which counter, or clears it; sometimes a false envelope. */
const step = fc.record({
  by: fc.constantFrom('anna', 'ben', 'clara', 'nobody', 'anna/1'),
  name: fc.constantFrom('a', 'b', 'c'),
  amounts: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 3 }),
  clears: fc.boolean(),
  flip: fc.option(fc.nat({ max: 400 }), { freq: 4 }),
  again: fc.boolean(),
});

function envelopesOf(made: TestCity, steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): Bytes[] {
  return steps.flatMap(({ by, name, amounts, clears, flip, again }) => {
    const actions = amounts.map((amount) => add(made, name, amount));
    if (clears) actions.unshift(made.action('counter/clear', { id: namedId(name) }));
    const envelope = made.transaction(by, actions);
    if (flip !== null) envelope[flip % envelope.length] = (envelope[flip % envelope.length] as number) ^ 4;
    return again ? [envelope, envelope] : [envelope];
  });
}

test('any history gives two replicas the same outcomes, leaves, state and app hash', () => {
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 4 }), { minLength: 1, maxLength: 4 }), (history) => {
      const [one, other] = [city(), city()];
      for (const steps of history) {
        const envelopes = envelopesOf(one, steps);
        const outcome = one.block(envelopes);
        assert.deepEqual(other.block(envelopes), outcome);
        assert.ok(sameCity(one, other));
        const root = outcome.blockLeaf?.stateRoot;
        if (root !== undefined) assert.deepEqual(root, one.state.stateRoot);
      }
    }),
    { numRuns: 40 },
  );
});

test('executing changes nothing until it is kept: the same block gives the same outcome again', () => {
  const made = city();
  const envelopes = [made.transaction('anna', [add(made, 'a', 3)]), made.transaction('ben', [add(made, 'a', 4)])];
  const first = made.execute(envelopes);
  assert.deepEqual(made.execute(envelopes), first);
  assert.deepEqual(made.block(envelopes), first);
  assert.equal(total(made, 'a'), 7);
});

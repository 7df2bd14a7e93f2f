import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedId } from '../../../test/support/ledger.ts';
import { newOrder, signAs } from '../../../test/support/orders.ts';
import type { Bytes } from './bytes.ts';
import { type CborValue, encodeCbor, parseCbor } from './cbor.ts';
import { type CompactOrder, encodeCompactOrder, parseCompactOrder } from './compact-order.ts';
import { FormatError } from './errors.ts';
import { encodeOrder, type Order } from './order-statement.ts';
import { encodeEvents } from './result.ts';

const CITY = namedId('city');
const signature = new Uint8Array(64).fill(7);
const hashes = (count: number) => Array.from({ length: count }, (_, i) => namedId(`hash ${i}`));
const EVENTS = encodeEvents([{ kind: 'order/issued', body: new Map([['order', namedId('order')]]) }]);
const MANY: Order['target'] = { root: namedId('root'), count: 65_536 };

type Parts = Omit<CompactOrder, 'order'>;
function partsOf(order: Order, changes: Partial<Parts> = {}): Parts {
  const statement = encodeOrder(order);
  const cosignatures = Array.from({ length: 5 }, (_, validator) => ({ validator, timeS: 1_700_000_000, signature }));
  const checkpoint = { size: 2 ** 27, root: namedId('root'), log: 0, signature, cosignatures };
  const issuance = {
    transaction: namedId('transaction'),
    height: 2 ** 26,
    position: 999,
    events: EVENTS,
    index: 2 ** 27 - 1,
    path: hashes(27),
    checkpoint,
    policy: namedId('policy'),
  };
  const place = 'root' in order.target ? { challenge: namedId('challenge'), index: 65_535, path: hashes(16) } : null;
  const ordinary = order.mode === 'ordinary';
  const signatures = signAs('order', statement, ['anna', 'ben']);
  return { statement, signatures, place, issuance: ordinary ? issuance : null, ...changes };
}
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  return 'OK';
};

test('an order for a device is read back as it was written, in each of its four shapes', () => {
  for (const mode of ['ordinary', 'break-glass'] as const)
    for (const changes of [{ mode }, { mode, target: MANY }]) {
      const order = newOrder(CITY, changes);
      const parts = partsOf(order);
      const encoded = encodeCompactOrder(parts);
      assert.deepEqual(parseCompactOrder(encoded), { ...parts, order });
      assert.equal(encoded[0], 0x85, 'an array of five, which neither a receipt nor a refusal is');
    }
});

test('it has a place exactly when it is for many, and an issuance exactly when it is ordinary', () => {
  const [one, many] = [partsOf(newOrder(CITY)), partsOf(newOrder(CITY, { target: MANY }))];
  const glass = partsOf(newOrder(CITY, { mode: 'break-glass' }));
  assert.equal(
    codeOf(() => encodeCompactOrder({ ...one, place: many.place })),
    'WRONG_TYPE',
  );
  assert.equal(
    codeOf(() => encodeCompactOrder({ ...many, place: null })),
    'WRONG_TYPE',
  );
  assert.equal(
    codeOf(() => encodeCompactOrder({ ...one, issuance: null })),
    'WRONG_TYPE',
    'stripped of its quorum',
  );
  assert.equal(
    codeOf(() => encodeCompactOrder({ ...glass, issuance: one.issuance })),
    'WRONG_TYPE',
  );
});

test('what is none is refused with its code', () => {
  const encoded = encodeCompactOrder(partsOf(newOrder(CITY)));
  const items = parseCbor(encoded) as CborValue[];
  const altered = (i: number, item: CborValue): Bytes => encodeCbor(items.with(i, item));
  const issuance = items[4] as CborValue[];
  const cases: readonly (readonly [string, string, Bytes])[] = [
    ['another version', 'NUMBER_RANGE', altered(0, 2)],
    ['an item missing', 'LENGTH_WRONG', encodeCbor(items.slice(0, 4))],
    ['an item too many', 'LENGTH_WRONG', encodeCbor([...items, null])],
    ['a map', 'WRONG_TYPE', encodeCbor(new Map())],
    ['nobody signed', 'LENGTH_WRONG', altered(2, [])],
    ['no statement', 'WRONG_TYPE', altered(1, null)],
    ['a statement that is none', 'WRONG_TYPE', altered(1, Uint8Array.of(0))],
    ['a path that is too long', 'LENGTH_WRONG', altered(4, issuance.with(5, hashes(65)))],
    ['too large', 'TOO_LARGE', new Uint8Array(4_097)],
  ];
  for (const [why, code, data] of cases)
    assert.equal(
      codeOf(() => parseCompactOrder(data)),
      code,
      why,
    );
});

test('cosignatures and signatures ascend: nobody counts twice', () => {
  const parts = partsOf(newOrder(CITY));
  const { issuance, signatures } = parts;
  assert.ok(issuance !== null);
  const { checkpoint } = issuance;
  const twice = [checkpoint.cosignatures[0]!, ...checkpoint.cosignatures];
  const withTwice = { ...issuance, checkpoint: { ...checkpoint, cosignatures: twice } };
  assert.equal(
    codeOf(() => encodeCompactOrder({ ...parts, issuance: withTwice })),
    'DUPLICATE_KEY',
  );
  assert.equal(
    codeOf(() => encodeCompactOrder({ ...parts, signatures: [...signatures].reverse() })),
    'UNSORTED',
  );
});

test('it has at most 4,096 bytes: an order for 65,536 devices, five of seven validators, a log of 2^27 leaves', () => {
  const two = encodeCompactOrder(partsOf(newOrder(CITY, { target: MANY, arguments: Array(8).fill(Number.MIN_SAFE_INTEGER) })));
  assert.ok(two.length <= 3_000, `${two.length} bytes`);
  const all = Array.from({ length: 16 }, (_, i) => `holder ${i}`);
  const largest = newOrder(CITY, { target: MANY });
  const sixteen = encodeCompactOrder(partsOf(largest, { signatures: signAs('order', encodeOrder(largest), all) }));
  assert.ok(sixteen.length <= 4_096, `${sixteen.length} bytes`);
});

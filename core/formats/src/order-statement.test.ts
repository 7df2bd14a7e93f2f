import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { newKeySet, newOrder, orderSigners, signAs } from '../../../test/support/orders.ts';
import { type Bytes, concatBytes, encodeUtf8, toHex } from './bytes.ts';
import { type CborMap, type CborValue, encodeCbor, parseCbor } from './cbor.ts';
import { type Command, commandArgument } from './command.ts';
import { FormatError, type Rejection } from './errors.ts';
import { encodeOrder, type Order, orderId, orderSchema, parseOrder } from './order-statement.ts';
import { checkStatement, statementSignatures, statementToBeSigned } from './statement.ts';

const CITY = namedId('city');
const PEOPLE = ['anna', 'ben', 'clara'];
const KEYS = newKeySet(CITY, PEOPLE).keys;

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  return 'OK';
};
const outcome = (rejection: Rejection | null): string => rejection?.code ?? 'OK';
/** The bytes of an order with fields changed beneath its schema; undefined removes one. */
function altered(changes: Readonly<Record<string, CborValue | undefined>>): Bytes {
  const map = parseCbor(encodeOrder(newOrder(CITY))) as CborMap;
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) map.delete(name);
    else map.set(name, value);
  }
  return encodeCbor(map);
}

test('an order is read back as it was written, to a device or to many', () => {
  const many = newOrder(CITY, { target: { root: namedId('root'), count: 60_000 }, mode: 'break-glass', arguments: [-5, 0] });
  for (const order of [newOrder(CITY), many]) {
    const statement = encodeOrder(order);
    const command: Command = parseOrder(statement);
    assert.deepEqual(command, order);
    assert.deepEqual(orderSchema.fromJson(orderSchema.toJson(order), ''), order);
    assert.equal(toHex(orderId(crypto, statement)), toHex(crypto.sha256(statement)));
    assert.ok(statement.length <= 420, `${statement.length} bytes`);
  }
});

test('what is no order is refused with its code', () => {
  const target = (fields: Record<string, CborValue>) => ({ target: new Map(Object.entries(fields)) });
  const device = { device: namedId('lamp'), challenge: namedId('challenge') };
  const cases: readonly (readonly [string, string, Record<string, CborValue | undefined>])[] = [
    ['a field is missing', 'MISSING_FIELD', { nonce: undefined }],
    ['a field too many', 'UNKNOWN_FIELD', { more: 1 }],
    ['a target of neither sort', 'MISSING_FIELD', target({})],
    ['a target of both sorts', 'UNKNOWN_FIELD', target({ ...device, root: namedId('root'), count: 1 })],
    ['a target that is no map', 'WRONG_TYPE', { target: namedId('lamp') }],
    ['a tree of nobody', 'NUMBER_RANGE', target({ root: namedId('root'), count: 0 })],
    ['a tree too large', 'NUMBER_RANGE', target({ root: namedId('root'), count: 65_537 })],
    ['no lifetime', 'NUMBER_RANGE', { lifetimeMs: 0 }],
    ['a lifetime above an hour', 'NUMBER_RANGE', { lifetimeMs: 3_600_001 }],
    ['key set 0', 'NUMBER_RANGE', { keys: 0 }],
    ['another mode', 'WRONG_TYPE', { mode: 'Ordinary' }],
    ['a command without a domain', 'TEXT_INVALID', { command: 'level' }],
    ['a command in capitals', 'TEXT_INVALID', { command: 'Light/level' }],
    ['a command too long', 'LENGTH_WRONG', { command: `light/${'l'.repeat(27)}` }],
    ['nine arguments', 'LENGTH_WRONG', { arguments: [1, 2, 3, 4, 5, 6, 7, 8, 9] }],
    ['an argument that is no number', 'WRONG_TYPE', { arguments: ['60'] }],
    ['an argument beyond 2^53', 'WRONG_TYPE', { arguments: [2n ** 60n] }],
    ['a short nonce', 'LENGTH_WRONG', { nonce: new Uint8Array(15) }],
  ];
  for (const [why, code, changes] of cases)
    assert.equal(
      codeOf(() => parseOrder(altered(changes))),
      code,
      why,
    );
  assert.equal(
    codeOf(() => parseOrder(concatBytes(encodeOrder(newOrder(CITY)), Uint8Array.of(0)))),
    'TRAILING_BYTES',
  );
  assert.equal(
    codeOf(() => parseOrder(new Uint8Array(1_025))),
    'TOO_LARGE',
  );
  assert.equal(
    codeOf(() => commandArgument().parse(Number.MIN_SAFE_INTEGER, '')),
    'OK',
  );
});

test('enough different keys of the set sign an order', () => {
  const statement = encodeOrder(newOrder(CITY));
  const check = (signatures: ReturnType<typeof signAs>, count = 2, use: 'order' | 'keys' = 'order') =>
    outcome(checkStatement(crypto, use, { statement, signatures }, { keys: KEYS, count }));
  assert.equal(check(signAs('order', statement, PEOPLE, ['ben', 'anna'])), 'OK');
  assert.equal(check(signAs('order', statement, PEOPLE)), 'OK', 'more than needed');
  assert.equal(check(signAs('order', statement, PEOPLE, ['ben'])), 'SIGNATURES_FEW');
  const [first, second] = signAs('order', statement, PEOPLE, ['anna', 'ben']) as [Signed, Signed];
  assert.equal(check([{ ...first, key: 15 }]), 'KEY_UNKNOWN', 'no such key');
  assert.equal(check([{ ...first, key: second.key }]), 'SIGNATURE_INVALID', 'a signature under the name of another');
  assert.equal(
    check([first, { ...second, signature: new Uint8Array(64) }], 1),
    'SIGNATURE_INVALID',
    'one that is none beside one',
  );
  assert.equal(check(signAs('keys', statement, PEOPLE)), 'SIGNATURE_INVALID', 'of another sort of statement');
  assert.equal(check(signAs('order', statement, PEOPLE), 2, 'keys'), 'SIGNATURE_INVALID');
});
type Signed = ReturnType<typeof signAs>[number];

test('a signature is worth nothing for any other order, city, zone or version', () => {
  const signed = signAs('order', encodeOrder(newOrder(CITY)), PEOPLE);
  const others: readonly Partial<Order>[] = [
    { city: namedId('other') },
    { zone: namedId('other') },
    { keys: 2 },
    { envelope: 2 },
    { target: { device: namedId('other'), challenge: namedId('challenge') } },
    { target: { device: namedId('lamp'), challenge: namedId('other') } },
    { command: 'light/off' },
    { arguments: [61] },
    { arguments: [] },
    { lifetimeMs: 30_001 },
    { expiresMs: 1_700_000_030_001 },
    { mode: 'break-glass' },
    { nonce: namedId('other').slice(0, 16) },
  ];
  for (const changes of others) {
    const statement = encodeOrder(newOrder(CITY, changes));
    const refused = checkStatement(crypto, 'order', { statement, signatures: signed }, { keys: KEYS, count: 1 });
    assert.equal(outcome(refused), 'SIGNATURE_INVALID', JSON.stringify(Object.keys(changes)));
  }
});

test('what is signed is the context, a zero byte and the digest', () => {
  const statement = encodeOrder(newOrder(CITY));
  const want = concatBytes(encodeUtf8('oppidum/order/v1\0'), crypto.sha256(statement));
  assert.equal(toHex(statementToBeSigned(crypto, 'order', statement)), toHex(want));
});

test('a list of signatures ascends, so that nobody counts twice', () => {
  const [first, second] = signAs('order', encodeOrder(newOrder(CITY)), PEOPLE, ['anna', 'ben']) as [Signed, Signed];
  const parse = (list: readonly Signed[]) =>
    codeOf(() => statementSignatures().parse(statementSignatures().encode([...list]), ''));
  assert.equal(parse([first, second]), 'OK');
  assert.equal(parse([first, first]), 'DUPLICATE_KEY');
  assert.equal(parse([second, first]), 'UNSORTED');
  assert.equal(parse([]), 'LENGTH_WRONG');
  assert.equal(parse([{ ...first, key: 16 }]), 'NUMBER_RANGE');
  assert.equal(orderSigners(...PEOPLE).length, 3);
});

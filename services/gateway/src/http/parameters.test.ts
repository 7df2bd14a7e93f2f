import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FormatError } from '@oppidum/formats/errors';
import type { FastifyRequest } from 'fastify';
import { acceptedType, timeParameter } from './parameters.ts';

const OFFERED = ['application/cbor', 'application/json'] as const;
const accept = (value?: string): FastifyRequest => ({ headers: value === undefined ? {} : { accept: value } }) as FastifyRequest;

describe('content negotiation (RFC 9110 §12.5.1)', () => {
  const cases: readonly (readonly [value: string | undefined, type: (typeof OFFERED)[number]])[] = [
    [undefined, 'application/cbor'],
    ['*/*', 'application/cbor'],
    ['application/*', 'application/cbor'],
    ['application/json', 'application/json'],
    ['APPLICATION/JSON; charset=utf-8', 'application/json'],
    ['text/html, application/json;q=0.9, */*;q=0.8', 'application/json'],
    ['application/cbor;q=0.1, application/json;q=0.2', 'application/json'],
    ['application/cbor;q=0, */*', 'application/json'],
    ['application/json, application/cbor', 'application/cbor'],
  ];
  for (const [value, type] of cases) {
    test(`${value ?? 'nothing said'} → ${type}`, () => assert.equal(acceptedType(accept(value), OFFERED), type));
  }

  for (const value of ['image/png', 'application/cbor;q=0, application/json;q=0', '*/*;q=0', 'application/json;q=x', '']) {
    test(`${value === '' ? 'an empty list' : value} is refused: NOT_ACCEPTABLE`, () => {
      assert.throws(
        () => acceptedType(accept(value), OFFERED),
        (error) => error instanceof FormatError && error.code === 'NOT_ACCEPTABLE',
      );
    });
  }
});

test('a time is milliseconds or RFC 3339, and nothing looser', () => {
  assert.equal(timeParameter.parse('1700000000000'), 1_700_000_000_000);
  assert.equal(timeParameter.parse('2023-11-14T22:13:20Z'), 1_700_000_000_000);
  assert.equal(timeParameter.parse('2023-11-15T00:13:20+02:00'), 1_700_000_000_000);
  for (const text of ['', '-1', '1e3', '2023-11-14', '2023-11-14T22:13:20', 'now', '9'.repeat(16)])
    assert.equal(timeParameter.safeParse(text).success, false, text);
});

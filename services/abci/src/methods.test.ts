import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from './frames.ts';
import { encodeException, encodeResponse, METHODS, type Method, parseRequest, type Requests, type Responses } from './methods.ts';
import { WireError, type WireErrorCode } from './wire-error.ts';

const wire = await import('cosmjs-types/tendermint/abci/types');

/** `Request…` and `Response…` of the generated types for a method. */
function generated(method: Method) {
  const name = method.charAt(0).toUpperCase() + method.slice(1);
  type Generated = { fromPartial(parts: object): never; encode(message: never): { finish(): Uint8Array } };
  const types = wire as unknown as Record<string, Generated>;
  return { request: types[`Request${name}`]!, response: types[`Response${name}`]! };
}

/** The generated codec writes numbers from 2^31 to 2^32 − 1 wrongly (cosmjs-types 0.11). */
const isWritten = (value: bigint): boolean => value < 2n ** 31n || value >= 2n ** 32n;

const unframe = (frame: Uint8Array): Uint8Array => {
  const reader = new FrameReader(2 ** 20);
  reader.push(frame);
  return reader.take()!;
};

describe('messages', () => {
  test('there are sixteen methods', () => assert.equal(METHODS.length, 16));

  for (const method of METHODS) {
    test(`${method}: read and written as the whole generated message would be`, () => {
      const { request, response } = generated(method);
      const asked = request.fromPartial({});
      const frame = wire.Request.encode(wire.Request.fromPartial({ [method]: asked })).finish();
      assert.deepEqual(parseRequest(frame), { method, request: asked });
      const answer = response.fromPartial({}) as Responses[Method];
      const answered = wire.Response.decode(unframe(encodeResponse(method, answer)));
      assert.deepEqual(
        Object.entries(answered).filter(([, value]) => value !== undefined),
        [[method, answer]],
      );
    });
  }

  test('values of a large request survive', () =>
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 20 }),
        fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).filter(isWritten),
        fc.uint8Array({ maxLength: 32 }),
        fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 40n }).filter(isWritten), fc.nat(999_999_999)),
        (txs, height, hash, [seconds, nanos]) => {
          const parts = { txs, height, hash, time: { seconds, nanos } };
          const finalizeBlock = wire.RequestFinalizeBlock.fromPartial(parts);
          const call = parseRequest(wire.Request.encode(wire.Request.fromPartial({ finalizeBlock })).finish());
          assert.equal(call.method, 'finalizeBlock');
          const got = call.request as Requests['finalizeBlock'];
          assert.deepEqual({ txs: got.txs, height: got.height, hash: got.hash, time: got.time }, parts);
        },
      ),
    ));

  test('an exception is the response of that name', () => {
    assert.equal(wire.Response.decode(unframe(encodeException('no'))).exception?.error, 'no');
  });

  const refused: readonly (readonly [string, readonly number[], WireErrorCode])[] = [
    ['nothing at all', [], 'MESSAGE_MALFORMED'],
    ['a reserved number (4: SetOption of old)', [0x22, 0x00], 'METHOD_UNKNOWN'],
    ['a number of a later version', [0xaa, 0x01, 0x00], 'METHOD_UNKNOWN'],
    ['a known number with another wire type', [0x08, 0x01], 'METHOD_UNKNOWN'],
    ['two methods', [0x12, 0x00, 0x12, 0x00], 'METHOD_UNKNOWN'],
    ['a method and something unknown', [0x12, 0x00, 0xf8, 0x01, 0x01], 'METHOD_UNKNOWN'],
    ['a body that ends too early', [0x42, 0x05, 0x0a], 'MESSAGE_MALFORMED'],
    ['a field that ends too early', [0x42, 0x02, 0x0a, 0x05], 'MESSAGE_MALFORMED'],
    ['a tag without an end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 'MESSAGE_MALFORMED'],
  ];
  for (const [what, bytes, code] of refused)
    test(`refused: ${what}`, () => assert.throws(() => parseRequest(Uint8Array.from(bytes)), { code }));

  test('whatever comes is a request or a WireError', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          assert.ok(METHODS.includes(parseRequest(bytes).method));
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
        }
      }),
      { numRuns: 2_000 },
    ));
});

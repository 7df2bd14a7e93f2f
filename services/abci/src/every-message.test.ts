/** Every method with every field, against the generated codecs: whichever codec stands behind a method says the same. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Request, Response } from 'cosmjs-types/tendermint/abci/types';
import fc from 'fast-check';
import { REQUESTS, RESPONSES } from '../../../test/support/abci-messages.ts';
import { FrameReader } from './frames.ts';
import { encodeResponse, METHODS, type Method, parseRequest, type Responses } from './methods.ts';
import { WireError } from './wire-error.ts';

/** The `Request` or `Response` in which only this method's message is set. */
const requestOf = (method: Method, parts: object): Request => Request.fromPartial({ [method]: parts } as object);
const responseOf = (method: Method, parts: object): Response => Response.fromPartial({ [method]: parts } as object);

function unframe(frame: Uint8Array): Uint8Array {
  const reader = new FrameReader(2 ** 24);
  reader.push(frame);
  const body = reader.take();
  assert.ok(body !== null && reader.size === 0, 'one whole frame');
  return body;
}

/** What the generated codec reads, or null where it cannot. */
function generatedRequest(bytes: Uint8Array): Request | null {
  try {
    return Request.decode(bytes);
  } catch {
    return null;
  }
}

describe('every message', () => {
  for (const method of METHODS) {
    test(`${method}: any request is read as the generated codec reads it`, () =>
      fc.assert(
        fc.property(REQUESTS[method], (parts) => {
          const bytes = Request.encode(requestOf(method, parts)).finish();
          const { method: got, request } = parseRequest(bytes);
          assert.equal(got, method);
          assert.deepEqual(request, Request.decode(bytes)[method]);
          assert.deepEqual(Request.encode(requestOf(method, request)).finish(), bytes);
        }),
      ));

    test(`${method}: any response is read by the generated codec as it was meant`, () =>
      fc.assert(
        fc.property(RESPONSES[method], (parts) => {
          const answer = responseOf(method, parts)[method] as Responses[Method];
          const read = Response.decode(unframe(encodeResponse(method, answer)));
          assert.deepEqual(read, Response.decode(Response.encode(responseOf(method, parts)).finish()));
          assert.deepEqual(read[method], answer);
        }),
      ));

    test(`${method}: a request that was altered or cut off is refused, or read as the generated codec reads it`, () =>
      fc.assert(
        fc.property(REQUESTS[method], fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean(), (parts, place, byte, isCut) => {
          const bytes = Request.encode(requestOf(method, parts)).finish();
          const at = place % bytes.length;
          const altered = isCut ? bytes.slice(0, at) : bytes.with(at, byte);
          try {
            const { method: got, request } = parseRequest(altered);
            assert.deepEqual(request, generatedRequest(altered)?.[got]);
          } catch (error) {
            if (!(error instanceof WireError)) throw error;
          }
        }),
        { numRuns: 300 },
      ));
  }
});

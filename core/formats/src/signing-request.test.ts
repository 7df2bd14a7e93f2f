import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { type Bytes, parseHex } from './bytes.ts';
import { FormatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { nobleCrypto as crypto } from './noble-crypto.ts';
import { joinAnswers, requireAnswer } from './signed-answer.ts';
import { encodeSigningRequest, parseSigningRequest } from './signing-request.ts';
import { parseTransaction } from './transaction.ts';

const VECTORS = join(resolve(import.meta.dirname, '../../..'), 'vectors/signing');

type Case = { readonly code: string; readonly why: string; readonly file: string };
const read = (name: string) =>
  JSON.parse(readFileSync(join(VECTORS, name), 'utf8')) as { readonly request: string; readonly cases: readonly Case[] };

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'OK';
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error.code;
  }
}

test('every request has its code, and what is read writes the same bytes', () => {
  for (const { code, why, file } of read('requests.json').cases) {
    const bytes = parseHex(file);
    assert.equal(
      codeOf(() => {
        const { transaction: _transaction, ...parts } = parseSigningRequest(bytes);
        assert.deepEqual(encodeSigningRequest(parts), bytes, why);
      }),
      code,
      why,
    );
  }
});

test('a request of a byte more than the limit is not looked at', () => {
  assert.equal(
    codeOf(() => parseSigningRequest(new Uint8Array(LIMITS.signingRequestSizeMax + 1))),
    'TOO_LARGE',
  );
  assert.notEqual(
    codeOf(() => parseSigningRequest(new Uint8Array(LIMITS.signingRequestSizeMax))),
    'TOO_LARGE',
  );
});

test('every answer has its code', () => {
  const { request: asked, cases } = read('answers.json');
  const request = parseSigningRequest(parseHex(asked));
  for (const { code, why, file } of cases)
    assert.equal(
      codeOf(() => requireAnswer(crypto, request, parseHex(file))),
      code,
      why,
    );
});

test('answers of all signers join to what the ledger takes, in any order and given twice', () => {
  const { request: asked, cases } = read('answers.json');
  const request = parseSigningRequest(parseHex(asked));
  const good = cases.filter(({ code }) => code === 'OK').map(({ file }) => requireAnswer(crypto, request, parseHex(file)));
  const [first, second] = good as [(typeof good)[0], (typeof good)[0]];
  assert.deepEqual([first.missing.length, second.missing.length], [1, 1]);
  const joined: Bytes = joinAnswers([second, first, second]);
  assert.deepEqual(requireAnswer(crypto, request, joined).missing, []);
  assert.equal(parseTransaction(crypto, joined).signatures.length, 2);
  assert.equal(
    codeOf(() => parseTransaction(crypto, joinAnswers([first]))),
    'SIGNATURE_MISSING',
  );
  const other = cases.find(({ code }) => code === 'ANSWER_OTHER');
  assert.equal(
    codeOf(() => requireAnswer(crypto, request, parseHex(other?.file ?? ''))),
    'ANSWER_OTHER',
  );
  assert.equal(
    codeOf(() => joinAnswers([])),
    'LENGTH_WRONG',
  );
});

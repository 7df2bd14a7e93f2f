import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parseHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import {
  checkEnrolmentRequest,
  checkInvitation,
  encodeEnrolmentRequest,
  encodeInvitation,
  fingerprintOf,
  fingerprintText,
  parseEnrolmentRequest,
  parseInvitation,
  type RequestContext,
} from '@oppidum/formats/enrolment';
import { FormatError, type Rejection } from '@oppidum/formats/errors';
import type { Algorithm } from '@oppidum/formats/ids';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { verifySignature } from '@oppidum/formats/public-key';
import { renderEnrolmentVectors } from '../../tools/enrolment-vectors.ts';
import { nodeCrypto } from '../support/crypto.ts';

const FOLDER = join(resolve(import.meta.dirname, '../..'), 'vectors/enrolment');
const BACKENDS: readonly Crypto[] = [nativeCrypto, nodeCrypto, nobleCrypto];

type Cases = readonly { readonly why: string; readonly text: string; readonly code: string }[];
type Requests = { readonly city: string; readonly nowMs: number; readonly cases: Cases };
type Invitations = {
  readonly city: string;
  readonly key: { readonly algorithm: Algorithm; readonly publicKey: string };
  readonly fingerprint: string;
  readonly cases: Cases;
};

const readVectors = <T>(name: string): T => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as T;
const requests = readVectors<Requests>('requests.json');
const invitations = readVectors<Invitations>('invitations.json');

/** The code of what refuses, or OK. */
function codeOf(check: () => Rejection | null): string {
  try {
    return check()?.code ?? 'OK';
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
}

test('the files are what the maker writes', () => {
  for (const [name, text] of Object.entries(renderEnrolmentVectors()))
    assert.equal(readFileSync(join(FOLDER, name), 'utf8'), text, 'run `node tools/enrolment-vectors.ts`');
});

for (const { why, text, code } of requests.cases) {
  test(`requests: ${why}: ${code}`, () => {
    for (const crypto of BACKENDS) {
      const context: RequestContext = {
        city: parseHex(requests.city),
        nowMs: requests.nowMs,
        verify: (...signed) => verifySignature(crypto, ...signed),
      };
      const found = codeOf(() => checkEnrolmentRequest(parseEnrolmentRequest(text), context));
      assert.equal(found, code);
    }
    if (code === 'OK') assert.equal(encodeEnrolmentRequest(parseEnrolmentRequest(text)), text);
  });
}

const key = { algorithm: invitations.key.algorithm, publicKey: parseHex(invitations.key.publicKey) };

test('invitations: the fingerprint of the key', () => {
  for (const crypto of BACKENDS) assert.equal(fingerprintText(fingerprintOf(crypto, key)), invitations.fingerprint);
});

for (const { why, text, code } of invitations.cases) {
  test(`invitations: ${why}: ${code}`, () => {
    const city = parseHex(invitations.city);
    for (const crypto of BACKENDS)
      assert.equal(
        codeOf(() => checkInvitation(crypto, parseInvitation(text), { city, key })),
        code,
      );
    if (code === 'OK') assert.equal(encodeInvitation(parseInvitation(text)), text);
  });
}

/**
 * Writes vectors/signing/{requests,answers}.json: what is asked to be signed and what comes back, true and false, each with its code and
 * why. `node tools/signing-vectors.ts`; specs/signing.md says how to read them. Keys are test keys: nobody's. Locked keys are sealed with
 * fresh randomness, so locked-keys.json is written once and then kept.
 */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { toHex } from '@oppidum/formats/bytes';
import { type CborMap, type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { signAnswer } from '@oppidum/formats/signed-answer';
import { encodeSigningRequest, parseSigningRequest, type SigningRequestParts } from '@oppidum/formats/signing-request';
import { type Action, encodePayload } from '@oppidum/formats/transaction';
import { lockKey } from '@oppidum/signing/locked-key';
import { namedId, publicKeyOf } from '../test/support/ledger.ts';
import { namedSigner } from '../test/support/signers.ts';

const OUT = join(resolve(import.meta.dirname, '..'), 'vectors/signing');
const VALID_UNTIL = 1_790_000_500_000;
const PASSPHRASE = 'six random words are better';

const names = ['anna', 'ben'].sort((a, b) => (toHex(namedId(a)) < toHex(namedId(b)) ? -1 : 1)) as [string, string];
const signerOf = (name: string) => ({ account: namedId(name), keyNumber: 0, signer: namedSigner(`${name}/0`) });
const keyOf = (name: string) => ({ account: namedId(name), keyNumber: 0, key: publicKeyOf(namedSigner(`${name}/0`)) });
const grant: Action = {
  kind: 'role/grant',
  body: new Map<string, CborValue>([
    ['account', namedId('clara')],
    ['role', 'operator'],
  ]),
};

function payloadOf(signers: readonly string[]): Uint8Array {
  return encodePayload({
    city: namedId('city'),
    validUntil: VALID_UNTIL,
    nonce: namedId('nonce').slice(0, 16),
    signers: signers.map(namedId),
    actions: [grant],
  });
}

const parts: SigningRequestParts = { payload: payloadOf([names[0]]), keys: [keyOf(names[0])], successors: [], records: [] };
const both: SigningRequestParts = { ...parts, payload: payloadOf(names), keys: names.map(keyOf) };
const request = (changes: Partial<SigningRequestParts> = {}): Uint8Array => encodeSigningRequest({ ...parts, ...changes });

/** A request that no honest program writes. */
function odd(change: (map: CborMap) => void): Uint8Array {
  const map = parseCbor(request()) as Map<string, CborValue>;
  change(map);
  return encodeCbor(map);
}

type Case = readonly [code: string, why: string, file: Uint8Array];

const REQUESTS: readonly Case[] = [
  ['OK', 'one signer', request()],
  ['OK', 'two signers', request(both)],
  ['OK', 'with evidence, which is not judged here', request({ records: [Uint8Array.of(1)] })],
  ['TRUNCATED', 'its end is missing', request().slice(0, -1)],
  ['TRAILING_BYTES', 'a byte follows', Uint8Array.of(...request(), 0)],
  ['VERSION_UNSUPPORTED', 'version 2', odd((map) => map.set('version', 2))],
  ['WRONG_TYPE', 'another format', odd((map) => map.set('format', 'oppidum-answer'))],
  ['UNKNOWN_FIELD', 'a field more', odd((map) => map.set('comment', 'harmless'))],
  ['MISSING_FIELD', 'no payload', odd((map) => map.delete('payload'))],
  ['LENGTH_WRONG', 'no keys', request({ keys: [] })],
  ['SIGNER_UNEXPECTED', 'the key of somebody who does not sign', request({ keys: [keyOf(names[1])] })],
  ['SIGNER_UNEXPECTED', 'one key more than signers', request({ keys: both.keys })],
  ['SIGNER_UNEXPECTED', 'keys in another order', request({ ...both, keys: [...both.keys].reverse() })],
  [
    'KEY_INVALID',
    'a key that is no point',
    request({ keys: [{ ...keyOf(names[0]), key: { algorithm: -8, publicKey: new Uint8Array(32).fill(0xff) } }] }),
  ],
  ['TRUNCATED', 'a payload that ends too early', request({ payload: parts.payload.slice(0, 40) })],
  ['LENGTH_WRONG', '65 pieces of evidence', request({ records: Array.from({ length: 65 }, () => Uint8Array.of(1)) })],
];

const asked = parseSigningRequest(request(both));
const [first, second] = names;
const envelope = (edit: (items: CborValue[]) => void): Uint8Array => {
  const tagged = parseCbor(signAnswer(asked, signerOf(first))) as unknown as { value: CborValue[] };
  edit(tagged.value);
  return encodeCbor(tagged as never);
};

const ANSWERS: readonly Case[] = [
  ['OK', 'by the first of two', signAnswer(asked, signerOf(first))],
  ['OK', 'by the second of two', signAnswer(asked, signerOf(second))],
  ['ANSWER_OTHER', 'another payload', signAnswer(parts, signerOf(first))],
  ['SIGNING_KEY_OTHER', 'another key number', signAnswer(asked, { ...signerOf(first), keyNumber: 1 })],
  ['SIGNATURE_INVALID', 'by the key of another', signAnswer(asked, { ...signerOf(first), signer: namedSigner('clara/0') })],
  ['SIGNER_UNEXPECTED', 'by somebody who is not asked', signAnswer(asked, signerOf('clara'))],
  ['LENGTH_WRONG', 'without a signature', envelope((items) => items.splice(3, 1, []))],
  ['UNKNOWN_FIELD', 'an unprotected header', envelope((items) => items.splice(1, 1, new Map([[9, Uint8Array.of(1)]])))],
  ['WRONG_TYPE', 'a request', request(both)],
];

const caseOf = ([code, why, file]: Case): object => ({ code, why, file: toHex(file) });

/** One text a file. */
export function renderVectors(): ReadonlyMap<string, string> {
  const text = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  return new Map([
    ['requests.json', text({ cases: REQUESTS.map(caseOf) })],
    ['answers.json', text({ request: toHex(request(both)), cases: ANSWERS.map(caseOf) })],
  ]);
}

async function writeLockedKeys(file: string): Promise<void> {
  const seed = namedId('seed');
  const [account, policy] = [namedId('anna'), new TextEncoder().encode('log example.com+00000000+AAAA\n')];
  const cases = [
    { why: 'a seed alone', key: { seed: toHex(seed) }, file: await lockKey({ seed }, PASSPHRASE, 17) },
    {
      why: 'with account and policy',
      key: { seed: toHex(seed), account: toHex(account), policy: toHex(policy) },
      file: await lockKey({ seed, account, policy }, PASSPHRASE, 18),
    },
  ];
  writeFileSync(file, `${JSON.stringify({ passphrase: PASSPHRASE, cases }, null, 2)}\n`);
}

if (import.meta.main) {
  mkdirSync(OUT, { recursive: true });
  for (const [name, text] of renderVectors()) writeFileSync(join(OUT, name), text);
  const locked = join(OUT, 'locked-keys.json');
  if (!existsSync(locked)) await writeLockedKeys(locked);
}

/**
 * `oppidum conformance cose-sign1 DIR`: examples of cose-wg/Examples in their own layout, one JSON file per message:
 *
 *   { title, fail?, input: { plaintext, sign0: { key, protected, unprotected, alg, external } },
 *     intermediates: { ToBeSign_hex }, output: { cbor } }
 *
 * Run are COSE_Sign1 messages with ES256 on P-256 (either s) and EdDSA on Ed25519. A message that must fail passes on any refusal.
 * One that must verify has also the payload and the bytes to be signed that the file tells. Everything else is skipped and named.
 */

import { type Bytes, concatBytes, encodeUtf8, equalBytes, parseBase64Url, parseHex } from '@oppidum/formats/bytes';
import { type CoseSign1, checkSign1, parseSign1, sign1ToBeSigned } from '@oppidum/formats/cose';
import { FormatError } from '@oppidum/formats/errors';
import { EDDSA, ES256, type PublicKey } from '@oppidum/formats/ids';
import { judgeByAll } from './backends.ts';
import {
  type Fields,
  fieldsOf,
  isFields,
  type JudgedCase,
  type Outcome,
  runJsonSuite,
  type SuiteResult,
  textOf,
} from './suite.ts';

/** Bytes of a coordinate of P-256 and of a key of Ed25519. */
const COORDINATE_SIZE = 32;

const NOTHING: Bytes = new Uint8Array(0);

/** Runs every message below the folder, one case each. */
export async function runCoseSign1Suite(dir: string): Promise<SuiteResult> {
  return runJsonSuite(dir, (content) => {
    const fields = isFields(content) ? content : {};
    const cases: readonly JudgedCase[] = [{ name: textOf(fields, 'title') ?? '', outcome: judgeExample(fields) }];
    return cases;
  });
}

function judgeExample(example: Fields): Outcome {
  const input = fieldsOf(example, 'input');
  if (!isFields(input['sign0'])) return { skip: 'not a COSE_Sign1 example' };
  const algorithm = algorithmOf(input['sign0']);
  if (typeof algorithm === 'string') return { skip: algorithm };
  try {
    const message = hexOf(fieldsOf(example, 'output'), 'cbor');
    if (message === null) return { failure: 'output.cbor is missing' };
    const key = { algorithm, publicKey: publicKeyOf(algorithm, fieldsOf(input['sign0'], 'key')) };
    return judgeMessage(example, message, key);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { failure: `unreadable: ${error.code}` };
  }
}

/** The COSE number of the algorithm that the input names, or why it is not verified here. */
function algorithmOf(sign0: Fields): PublicKey['algorithm'] | string {
  const places = [sign0, fieldsOf(sign0, 'protected'), fieldsOf(sign0, 'unprotected')];
  const name = places.map((place) => textOf(place, 'alg')).find((alg) => alg !== null) ?? 'no algorithm';
  const curve = textOf(fieldsOf(sign0, 'key'), 'crv') ?? 'no curve';
  if (name === 'ES256' && curve === 'P-256') return ES256;
  if (name === 'EdDSA' && curve === 'Ed25519') return EDDSA;
  return `not verified here: ${name}, ${curve}`;
}

/** The key as the products use it: 32 bytes, or a compressed point. Throws FormatError. */
function publicKeyOf(algorithm: PublicKey['algorithm'], key: Fields): Bytes {
  const x = coordinateOf(key, 'x');
  if (algorithm === EDDSA) return x;
  const y = coordinateOf(key, 'y');
  return concatBytes(Uint8Array.of(2 + ((y[COORDINATE_SIZE - 1] as number) & 1)), x);
}

/** A coordinate as base64url (RFC 7517) or, in `NAME_hex`, as hex, filled up with zeros. Throws FormatError. */
function coordinateOf(key: Fields, name: string): Bytes {
  const bytes = hexOf(key, `${name}_hex`) ?? parseBase64Url((textOf(key, name) ?? '').replace(/=+$/, ''));
  if (bytes.length === 0 || bytes.length > COORDINATE_SIZE) throw new FormatError('KEY_INVALID', { [name]: bytes.length });
  return concatBytes(new Uint8Array(COORDINATE_SIZE - bytes.length), bytes);
}

/** The member as bytes, from hex of either case, or null when it is absent. Throws FormatError. */
function hexOf(fields: Fields, name: string): Bytes | null {
  const text = textOf(fields, name);
  return text === null ? null : parseHex(text.replace(/\s/g, '').toLowerCase());
}

function judgeMessage(example: Fields, message: Bytes, key: PublicKey): Outcome {
  const mustFail = example['fail'] === true;
  const sign1 = parseOrRefuse(message);
  if (typeof sign1 === 'string') return mustFail ? null : { failure: `a true message was refused: ${sign1}` };
  const input = fieldsOf(example, 'input');
  const sign0 = fieldsOf(input, 'sign0');
  const externalAad = hexOf(sign0, 'external') ?? hexOf(sign0, 'external_hex') ?? NOTHING;
  const plaintext = plaintextOf(input);
  if (!mustFail) {
    const difference = differenceOf(example, sign1, externalAad, plaintext);
    if (difference !== null) return { failure: difference };
  }
  const options = { externalAad, foreign: true, ...(plaintext === null ? {} : { payload: plaintext }) };
  return judgeByAll(!mustFail, (crypto) => checkSign1(crypto, sign1, key, options) === null);
}

/** The message, or the code of its refusal. */
function parseOrRefuse(message: Bytes): CoseSign1 | string {
  try {
    return parseSign1(message, { foreign: true });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error.code;
  }
}

function plaintextOf(input: Fields): Bytes | null {
  const text = textOf(input, 'plaintext');
  return hexOf(input, 'plaintext_hex') ?? (text === null ? null : encodeUtf8(text));
}

/** What a message that verifies has otherwise than its file says; null for nothing. */
function differenceOf(example: Fields, sign1: CoseSign1, externalAad: Bytes, plaintext: Bytes | null): string | null {
  const payload = sign1.payload ?? plaintext;
  if (payload === null) return 'there is no payload';
  if (plaintext !== null && !equalBytes(payload, plaintext)) return 'the payload differs';
  const wanted = hexOf(fieldsOf(example, 'intermediates'), 'ToBeSign_hex');
  const toBeSigned = sign1ToBeSigned(sign1.protectedBytes, externalAad, payload);
  return wanted === null || equalBytes(toBeSigned, wanted) ? null : 'the bytes to be signed differ';
}

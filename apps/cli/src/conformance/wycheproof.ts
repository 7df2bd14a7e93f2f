/**
 * `oppidum conformance wycheproof DIR`: signature files of C2SP/wycheproof in their own layout.
 * Run are edwards25519 (`EddsaVerify`) and P-256 with SHA-256 in the form r ‖ s (`EcdsaP1363Verify`), the latter with either s.
 * Everything else is skipped and named.
 */

import { type Bytes, concatBytes, parseHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { verifyEd25519 } from '@oppidum/formats/ed25519';
import { FormatError } from '@oppidum/formats/errors';
import { verifyEs256AnyS } from '@oppidum/formats/es256';
import { judgeAgreement, judgeByAll } from './backends.ts';
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

type Verify = (crypto: Crypto, publicKey: Bytes, message: Bytes, signature: Bytes) => boolean;
type Algorithm = { readonly verify: Verify; readonly publicKey: Bytes };

/** Runs every test below the folder, one case each. */
export async function runWycheproofSuite(dir: string): Promise<SuiteResult> {
  return runJsonSuite(dir, (content) => {
    const groups = isFields(content) ? content['testGroups'] : null;
    if (!Array.isArray(groups)) return [{ name: '', outcome: { skip: 'not a file of test groups' } }];
    return groups.flatMap(judgeGroup);
  });
}

function judgeGroup(group: unknown, i: number): readonly JudgedCase[] {
  const name = `group ${i}`;
  if (!isFields(group) || !Array.isArray(group['tests'])) return [{ name, outcome: { failure: 'a group without tests' } }];
  try {
    const algorithm = algorithmOf(group);
    if (typeof algorithm === 'string') return [{ name, outcome: { skip: algorithm } }];
    return group['tests'].map((test: unknown) => judgeTest(algorithm, isFields(test) ? test : {}));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return [{ name, outcome: { failure: `the key is unreadable: ${error.code}` } }];
  }
}

/** How the tests of a group are verified, or why they cannot be. Older files call the key `key`. */
function algorithmOf(group: Fields): Algorithm | string {
  const key = 'publicKey' in group ? fieldsOf(group, 'publicKey') : fieldsOf(group, 'key');
  const [type, curve] = [textOf(group, 'type') ?? 'no type', textOf(key, 'curve') ?? 'no curve'];
  const [pk, point] = [textOf(key, 'pk'), textOf(key, 'uncompressed')];
  if (type.startsWith('Eddsa') && curve === 'edwards25519' && pk !== null)
    return { verify: verifyEd25519, publicKey: parseHex(pk) };
  const isP256 = type.startsWith('EcdsaP1363') && curve === 'secp256r1' && textOf(group, 'sha') === 'SHA-256';
  if (isP256 && point !== null) return { verify: verifyEs256AnyS, publicKey: compress(parseHex(point, 65)) };
  return `not verified here: ${type}, ${curve}`;
}

/** SEC 1 §2.3.3: 04 ‖ x ‖ y becomes 02 or 03 ‖ x, by the last bit of y. */
function compress(point: Bytes): Bytes {
  return concatBytes(Uint8Array.of(2 + ((point[64] as number) & 1)), point.subarray(1, 33));
}

function judgeTest(algorithm: Algorithm, test: Fields): JudgedCase {
  const name = `tcId ${test['tcId']} ${textOf(test, 'comment') ?? ''}`.trimEnd();
  const [msg, sig] = [textOf(test, 'msg'), textOf(test, 'sig')];
  if (msg === null || sig === null) return { name, outcome: { failure: 'a field is missing' } };
  try {
    const [message, signature] = [parseHex(msg), parseHex(sig)];
    const verify = (crypto: Crypto): boolean => algorithm.verify(crypto, algorithm.publicKey, message, signature);
    return { name, outcome: judgeVerdict(textOf(test, 'result'), verify) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { name, outcome: { failure: `unreadable: ${error.code}` } };
  }
}

/** "acceptable" leaves the verdict open, but not to each backend. */
function judgeVerdict(result: string | null, verify: (crypto: Crypto) => boolean): Outcome {
  if (result === 'acceptable') return judgeAgreement(verify);
  if (result === 'valid' || result === 'invalid') return judgeByAll(result === 'valid', verify);
  return { failure: `not a result: ${result}` };
}

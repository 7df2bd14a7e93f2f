/**
 * `oppidum conformance ed25519 DIR`: the Ed25519 edge cases of C2SP/CCTV in their own layout: a JSON list of
 * `{number, key, sig, msg, flags}`, hex but for `msg`, which is text. Each vector satisfies some verifier in use; its flags say what is odd
 * about it. The one rule (specs/signatures.md §1) follows from the flags alone, so the expected verdict does not come from our code.
 */

import { type Bytes, encodeUtf8, parseHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { verifyEd25519 } from '@oppidum/formats/ed25519';
import { FormatError } from '@oppidum/formats/errors';
import { judgeByAll } from './backends.ts';
import { type Fields, isFields, type JudgedCase, type Outcome, runJsonSuite, type SuiteResult, textOf } from './suite.ts';

/** Whether the rule accepts a signature with this flag, everything else being well. */
const FLAGS: Readonly<Record<string, boolean>> = {
  /** A or R is of small order, or not the one encoding of its point. */
  low_order_A: false,
  low_order_R: false,
  non_canonical_A: false,
  non_canonical_R: false,
  /** A or R has a part of small order besides one of large order: allowed, where the equation holds. */
  low_order_component_A: true,
  low_order_component_R: true,
  /** [S]B − [k]A − R is not zero, only of small order: the equation holds after multiplying by the cofactor alone. */
  low_order_residue: false,
  /** k was computed over a re-encoded A or R instead of the bytes at hand. */
  reencoded_k: false,
};

/** Runs every vector below the folder, one case each. */
export async function runEd25519Suite(dir: string): Promise<SuiteResult> {
  return runJsonSuite(dir, (content) => {
    const isVectors = Array.isArray(content) && content.every((item) => isFields(item) && 'key' in item && 'sig' in item);
    if (!isVectors || content.length === 0) return [{ name: '', outcome: { skip: 'not a list of Ed25519 vectors' } }];
    return content.map(judgeVector);
  });
}

function judgeVector(vector: Fields): JudgedCase {
  const flags = Array.isArray(vector['flags']) ? vector['flags'].map(String) : [];
  return { name: `vector ${vector['number']} (${flags.join(', ')})`, outcome: judgeFlags(vector, flags) };
}

function judgeFlags(vector: Fields, flags: readonly string[]): Outcome {
  const unknown = flags.filter((flag) => !Object.hasOwn(FLAGS, flag));
  if (unknown.length > 0) return { skip: `what ${unknown.join(', ')} means for the rule is not known here` };
  const [key, sig, msg] = ['key', 'sig', 'msg'].map((name) => textOf(vector, name));
  if (typeof key !== 'string' || typeof sig !== 'string' || typeof msg !== 'string') return { failure: 'a field is missing' };
  const wanted = flags.every((flag) => FLAGS[flag]);
  try {
    return judgeByAll(wanted, verifierOf(parseHex(key), encodeUtf8(msg), parseHex(sig)));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { failure: `unreadable: ${error.code}` };
  }
}

function verifierOf(publicKey: Bytes, message: Bytes, signature: Bytes): (crypto: Crypto) => boolean {
  return (crypto) => verifyEd25519(crypto, publicKey, message, signature);
}

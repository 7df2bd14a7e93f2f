/**
 * A cosigned checkpoint without what the policy knows: names, key ids and the origin are left out, keys are named by their lines in the
 * policy. Both ways, so that whoever checks one judges the very note that the validators signed.
 */

import { type Bytes, concatBytes, encodeUint64 } from './bytes.ts';
import { encodeCheckpoint } from './checkpoint.ts';
import { originOf, VALIDATORS } from './city-policy.ts';
import type { CompactCheckpoint } from './compact-order.ts';
import type { Crypto } from './crypto.ts';
import { type Rejection, reject } from './errors.ts';
import { chooseCosigners, evaluatePolicy, type Policy, refusalOf } from './policy.ts';
import { encodeSignedNote, type NoteSignature } from './signed-note.ts';
import { keyId, type VerifierKey } from './verifier-key.ts';

/** On the line of a cosigner: timestamp, then signature. */
const TIME_SIZE = 8;

/**
 * The compact form of a note: one log signature and the fewest cosignatures that make the group `validators`. Refuses as `refusalOf` does
 * when they do not. Throws FormatError where the note cannot be read.
 */
export function compactCheckpoint(crypto: Crypto, policy: Policy, note: Bytes): CompactCheckpoint | Rejection {
  const report = evaluatePolicy(crypto, policy, note, { group: VALIDATORS });
  const refused = refusalOf(report);
  if (refused !== null) return refused;
  const present = new Set(report.cosignatures.map(({ witness }) => witness.name));
  const chosen = chooseCosigners(policy, VALIDATORS, present) ?? [];
  const [by] = report.logSignatures;
  if (by === undefined) throw new Error('a note to be believed has a signature of its log');
  const cosignatures = report.cosignatures
    .filter(({ witness }) => chosen.includes(witness.name))
    .map(({ witness, timeS, line }) => ({
      validator: policy.witnesses.indexOf(witness),
      timeS,
      signature: line.signature.slice(TIME_SIZE),
    }));
  const { size, root } = report.checkpoint;
  return {
    size,
    root,
    log: policy.logs.indexOf(by.log),
    signature: by.line.signature,
    cosignatures: cosignatures.sort((a, b) => a.validator - b.validator),
  };
}

/**
 * Refuses a compact checkpoint that a device must not believe under its policy: KEY_UNKNOWN (no such line), then as `refusalOf` with the
 * group `validators` alone, then NOT_CANONICAL for a cosignature that the group does not need.
 */
export function checkCompactCheckpoint(crypto: Crypto, policy: Policy, checkpoint: CompactCheckpoint): Rejection | null {
  const note = noteOf(crypto, policy, checkpoint);
  if ('code' in note) return note;
  const report = evaluatePolicy(crypto, policy, note.note, { group: VALIDATORS });
  const refused = refusalOf(report);
  if (refused !== null) return refused;
  const needed = chooseCosigners(policy, VALIDATORS, new Set(report.cosignatures.map(({ witness }) => witness.name))) ?? [];
  const [want, got] = [needed.length, checkpoint.cosignatures.length];
  return want === got ? null : reject('NOT_CANONICAL', { want, got });
}

/** The signed note that the compact form stands for. */
function noteOf(crypto: Crypto, policy: Policy, compact: CompactCheckpoint): { readonly note: Bytes } | Rejection {
  const text = encodeCheckpoint({ origin: originOf(policy), size: compact.size, root: compact.root });
  const log = policy.logs[compact.log];
  if (log === undefined) return reject('KEY_UNKNOWN', { log: compact.log });
  const signatures = [lineOf(crypto, log.key, compact.signature)];
  for (const { validator, timeS, signature } of compact.cosignatures) {
    const witness = policy.witnesses[validator];
    if (witness === undefined) return reject('KEY_UNKNOWN', { validator });
    signatures.push(lineOf(crypto, witness.key, concatBytes(encodeUint64(timeS), signature)));
  }
  return { note: encodeSignedNote({ text, signatures }) };
}

function lineOf(crypto: Crypto, key: VerifierKey, signature: Bytes): NoteSignature {
  return { name: key.name, keyId: keyId(crypto, key), signature };
}

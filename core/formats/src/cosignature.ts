/**
 * Cosignatures (C2SP tlog-cosignature, Ed25519 `cosignature/v1`, key type 0x04): a validator or witness states that, at a time, this
 * was the largest consistent head it had seen of the log. On the line: timestamp:u64 (seconds) ‖ Ed25519 signature.
 */

import { type Bytes, concatBytes, encodeUint64, encodeUtf8, readUint64 } from './bytes.ts';
import type { Crypto, Signer } from './crypto.ts';
import { verifyEd25519 } from './ed25519.ts';
import { formatError } from './errors.ts';
import { encodeSignedNote, isSignatureOf, type NoteSignature, parseSignedNote } from './signed-note.ts';
import { keyId, type VerifierKey } from './verifier-key.ts';

/** timestamp ‖ signature. */
const COSIGNATURE_SIZE = 8 + 64;

/** The message a cosigner signs: two header lines, then the whole checkpoint text. `timeS` is POSIX time in seconds. */
export function cosignatureMessage(timeS: number, checkpointText: string): Bytes {
  return encodeUtf8(`cosignature/v1\ntime ${timeS}\n${checkpointText}`);
}

/** Makes the signature line of a cosigner. Throws NUMBER_RANGE unless `timeS` is a whole number of seconds. */
export function cosignCheckpoint(
  crypto: Crypto,
  signer: Signer,
  name: string,
  checkpointText: string,
  timeS: number,
): NoteSignature {
  if (!Number.isSafeInteger(timeS) || timeS < 0) throw formatError('NUMBER_RANGE', { at: '/time', want: 'whole seconds' });
  const key: VerifierKey = { name, algorithm: 'cosignature', publicKey: signer.publicKey };
  const signature = signer.sign(cosignatureMessage(timeS, checkpointText));
  return { name, keyId: keyId(crypto, key), signature: concatBytes(encodeUint64(timeS), signature) };
}

/** The note with further signature lines after those it has. Throws TOO_LARGE beyond 16. */
export function addSignatures(note: Bytes, lines: readonly NoteSignature[]): Bytes {
  const parsed = parseSignedNote(note);
  return encodeSignedNote({ text: parsed.text, signatures: [...parsed.signatures, ...lines] });
}

/**
 * Verifies one cosignature line over a checkpoint text: its time in seconds, or null when this key did not cosign.
 * A line of another size, or with a time beyond 2^53 − 1, verifies for nobody.
 */
export function verifyCosignature(crypto: Crypto, key: VerifierKey, checkpointText: string, line: NoteSignature): number | null {
  if (key.algorithm !== 'cosignature' || !isSignatureOf(crypto, line, key) || line.signature.length !== COSIGNATURE_SIZE)
    return null;
  if ((line.signature[0] as number) !== 0 || (line.signature[1] as number) > 0x1f) return null;
  const timeS = readUint64(line.signature, 0);
  const message = cosignatureMessage(timeS, checkpointText);
  return verifyEd25519(crypto, key.publicKey, message, line.signature.slice(8)) ? timeS : null;
}

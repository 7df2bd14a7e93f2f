/**
 * Signed notes (C2SP signed-note): a text ending in newline, an empty line, then 1 to 16 signature lines
 * `— name base64(key id:4 ‖ signature)`. What is here only frames; who may be believed is decided by `policy.ts`.
 */

import { type Bytes, concatBytes, encodeBase64, encodeUtf8, equalBytes, parseBase64, parseUtf8 } from './bytes.ts';
import type { Crypto, Signer } from './crypto.ts';
import { verifyEd25519 } from './ed25519.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { assertNoteCharacters, isKeyName } from './text-rules.ts';
import { KEY_ID_SIZE, keyId, type VerifierKey } from './verifier-key.ts';

/** One signature line. `keyId` has 4 bytes; `signature` is what the key's algorithm made (0x01: 64 bytes, 0x04: 72). */
export type NoteSignature = { readonly name: string; readonly keyId: Bytes; readonly signature: Bytes };

/** `text` ends in newline, the separating empty line is not part of it. */
export type SignedNote = { readonly text: string; readonly signatures: readonly NoteSignature[] };

const SIGNATURE_PREFIX = '\u2014 ';

/** Parses a signed note. Throws TOO_LARGE (bytes, signatures), TEXT_INVALID (UTF-8, control characters, lines, names, base64). */
export function parseSignedNote(note: Bytes): SignedNote {
  if (note.length > LIMITS.noteSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.noteSizeMax });
  const whole = parseUtf8(note);
  assertNoteCharacters(whole);
  const end = whole.lastIndexOf('\n\n');
  if (end < 0) throw formatError('TEXT_INVALID', { want: 'an empty line before the signatures' });
  return { text: whole.slice(0, end + 1), signatures: parseSignatureLines(whole.slice(end + 2)) };
}

/** Parses signature lines alone, as a witness answers them (C2SP tlog-witness). Throws as `parseSignedNote` does. */
export function parseSignatureLines(lines: string): readonly NoteSignature[] {
  if (!lines.endsWith('\n')) throw formatError('TEXT_INVALID', { want: 'signature lines that end in newline' });
  const signatures = lines.slice(0, -1).split('\n').map(parseSignatureLine);
  const countMax = LIMITS.noteSignatureCountMax;
  if (signatures.length > countMax) throw formatError('TOO_LARGE', { signatures: signatures.length, countMax });
  return signatures;
}

function parseSignatureLine(line: string): NoteSignature {
  const want = '\u2014 name base64';
  const space = line.indexOf(' ', SIGNATURE_PREFIX.length);
  const name = line.slice(SIGNATURE_PREFIX.length, Math.max(space, 0));
  if (!line.startsWith(SIGNATURE_PREFIX) || space < 0 || !isKeyName(name)) throw formatError('TEXT_INVALID', { want });
  const keyed = parseBase64(line.slice(space + 1));
  if (keyed.length <= KEY_ID_SIZE) throw formatError('TEXT_INVALID', { want: 'key id and signature', size: keyed.length });
  return { name, keyId: keyed.slice(0, KEY_ID_SIZE), signature: keyed.slice(KEY_ID_SIZE) };
}

/** The bytes of a signed note; `parseSignedNote` gives the same note back. Throws as it does when the note cannot be one. */
export function encodeSignedNote(note: SignedNote): Bytes {
  const encoded = encodeUtf8(`${note.text}\n${encodeSignatureLines(note.signatures)}`);
  const parsed = parseSignedNote(encoded);
  if (parsed.text !== note.text) throw formatError('TEXT_INVALID', { want: 'a text that ends in newline' });
  return encoded;
}

/** Signature lines alone, each ending in newline. */
export function encodeSignatureLines(signatures: readonly NoteSignature[]): string {
  return signatures
    .map((line) => `${SIGNATURE_PREFIX}${line.name} ${encodeBase64(concatBytes(line.keyId, line.signature))}\n`)
    .join('');
}

/** Signs a note text with a log key (0x01): Ed25519 over the text itself. The signer's key becomes the key named `name`. */
export function signNote(crypto: Crypto, signer: Signer, name: string, text: string): NoteSignature {
  const key: VerifierKey = { name, algorithm: 'log', publicKey: signer.publicKey };
  return { name, keyId: keyId(crypto, key), signature: signer.sign(encodeUtf8(text)) };
}

/** True when the line names this key: same name and same key id; whether it verifies is another question. */
export function isSignatureOf(crypto: Crypto, line: NoteSignature, key: VerifierKey): boolean {
  return line.name === key.name && equalBytes(line.keyId, keyId(crypto, key));
}

/** True when a log key (0x01) signed this note text. */
export function verifyNoteSignature(crypto: Crypto, key: VerifierKey, text: string, line: NoteSignature): boolean {
  return (
    key.algorithm === 'log' &&
    isSignatureOf(crypto, line, key) &&
    verifyEd25519(crypto, key.publicKey, encodeUtf8(text), line.signature)
  );
}

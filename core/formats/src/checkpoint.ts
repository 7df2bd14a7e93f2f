/**
 * Checkpoints (C2SP tlog-checkpoint): the note text `origin \n size \n base64(root) \n` that a log signs as its head.
 * Extension lines are read, because foreign logs have them; ours never write any.
 */

import { type Bytes, encodeBase64, parseBase64 } from './bytes.ts';
import type { Crypto, Signer } from './crypto.ts';
import { formatError } from './errors.ts';
import { encodeSignedNote, parseSignedNote, type SignedNote, signNote } from './signed-note.ts';
import { assertNoteCharacters, parseDecimal } from './text-rules.ts';

/** A log's head: `size` entries have the RFC 6962 root `root` (32 bytes). */
export type Checkpoint = {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
  readonly extensions: readonly string[];
};

const ROOT_SIZE = 32;

/** Parses the text of a checkpoint. Throws TEXT_INVALID (lines, decimal, base64), LENGTH_WRONG (root), NUMBER_RANGE (size). */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith('\n')) throw formatError('TEXT_INVALID', { want: 'lines that end in newline' });
  assertNoteCharacters(text);
  const [origin, size, root, ...extensions] = text.slice(0, -1).split('\n');
  if (origin === undefined || size === undefined || root === undefined || origin === '' || extensions.includes('')) {
    throw formatError('TEXT_INVALID', { want: 'origin, size and root, no empty line' });
  }
  const rootBytes = parseBase64(root);
  if (rootBytes.length !== ROOT_SIZE) throw formatError('LENGTH_WRONG', { at: '/root', want: ROOT_SIZE, got: rootBytes.length });
  return { origin, size: parseDecimal(size), root: rootBytes, extensions };
}

/** The text of a checkpoint. Throws as `parseCheckpoint` does when the parts cannot be one. */
export function encodeCheckpoint(
  checkpoint: Omit<Checkpoint, 'extensions'> & { readonly extensions?: readonly string[] },
): string {
  const { origin, size, root, extensions = [] } = checkpoint;
  const text = `${[origin, String(size), encodeBase64(root), ...extensions].join('\n')}\n`;
  const parsed = parseCheckpoint(text);
  if (parsed.origin !== origin || parsed.extensions.length !== extensions.length)
    throw formatError('TEXT_INVALID', { want: 'single lines' });
  return text;
}

/** Parses a signed checkpoint without judging its signatures. Throws as `parseSignedNote` and `parseCheckpoint` do. */
export function parseCheckpointNote(note: Bytes): { readonly checkpoint: Checkpoint; readonly note: SignedNote } {
  const signed = parseSignedNote(note);
  return { checkpoint: parseCheckpoint(signed.text), note: signed };
}

/** The log's own signed head: key name = origin (C2SP tlog-checkpoint, "Signatures"), one signature (0x01). */
export function signCheckpoint(crypto: Crypto, signer: Signer, checkpoint: Omit<Checkpoint, 'extensions'>): Bytes {
  const text = encodeCheckpoint(checkpoint);
  return encodeSignedNote({ text, signatures: [signNote(crypto, signer, checkpoint.origin, text)] });
}

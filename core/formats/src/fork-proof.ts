/**
 * Proof that one key stands under two histories of one log (specs/forks.md), as what is checked and as a file that people hand on: JSON,
 * because notes are texts and whoever reads such a file wants to see them.
 */

import { type Bytes, encodeUtf8, parseUtf8, toOctets } from './bytes.ts';
import { id, merklePath } from './common-schemas.ts';
import type { Crypto } from './crypto.ts';
import { formatError } from './errors.ts';
import { parseJsonText } from './json-text.ts';
import { LIMITS } from './limits.ts';
import { type Infer, list, oneOf, optional, type Schema, struct, text, uint } from './schema.ts';
import { encodeVerifierKey, parseVerifierKey, type VerifierKey } from './verifier-key.ts';

/** Notes as signed. `consistency` (RFC 9162 §2.1.4) leads from (size of `earlier`, `root`) to `later`. */
export type ForkProof = {
  readonly earlier: Bytes;
  readonly later: Bytes;
  readonly root: Bytes;
  readonly consistency: readonly Bytes[];
};

/** A fork and the key that stands under both sides: a log key (0x01) or a cosigner's (0x04). */
export type KeyedFork = ForkProof & { readonly key: VerifierKey };

const FORK_VERSION = 1;

/** A note, which is a text: of CBOR a byte string, of JSON the text itself. */
const noteText: Schema<Bytes> = {
  parse(value, path) {
    if (!(value instanceof Uint8Array)) throw formatError('WRONG_TYPE', { at: path, want: 'a note' });
    return value;
  },
  encode: (note) => note,
  toJson: parseUtf8,
  fromJson(json, path) {
    if (typeof json !== 'string') throw formatError('WRONG_TYPE', { at: path, want: 'the text of a note' });
    return encodeUtf8(json);
  },
  cddl: 'bstr',
};

const fileSchema = struct({
  format: oneOf('oppidum-fork'),
  version: uint({ min: FORK_VERSION, max: FORK_VERSION }),
  forks: list(
    struct({
      /** What people call the log; nothing follows from it. */
      log: optional(text(220)),
      key: text(400),
      earlier: noteText,
      later: noteText,
      root: id(),
      consistency: merklePath(),
    }),
    { min: 1, max: LIMITS.forkCountMax },
  ),
});
type ForkFile = Infer<typeof fileSchema>;

/** How every such file begins. */
const FILE_START = /^\s*\{\s*"format"\s*:\s*"oppidum-fork"/;

/** Whether these bytes are meant as a fork file, for whoever takes evidence of any kind; the parser judges them. */
export function startsAsForkFile(data: Bytes): boolean {
  return FILE_START.test(toOctets(data.subarray(0, 200)));
}

/** The file of these forks, UTF-8. */
export function encodeForkFile(crypto: Crypto, forks: readonly KeyedFork[]): Bytes {
  const file: ForkFile = {
    format: 'oppidum-fork',
    version: FORK_VERSION,
    forks: forks.map(({ key, earlier, later, root, consistency }) => ({
      key: encodeVerifierKey(crypto, key),
      earlier,
      later,
      root,
      consistency: [...consistency],
    })),
  };
  return encodeUtf8(`${JSON.stringify(fileSchema.toJson(file), null, 2)}\n`);
}

/**
 * Parses such a file strictly; what it claims is for `checkFork` to judge.
 * Throws TOO_LARGE, TEXT_INVALID (UTF-8, JSON, hex), what `parseJsonText` and the shape say, and KEY_INVALID.
 */
export function parseForkFile(crypto: Crypto, file: Bytes): readonly KeyedFork[] {
  if (file.length > LIMITS.forkFileSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.forkFileSizeMax });
  const { forks } = fileSchema.fromJson(parseJsonText(parseUtf8(file)), '');
  return forks.map(({ key, earlier, later, root, consistency }) => ({
    key: parseVerifierKey(crypto, key),
    earlier,
    later,
    root,
    consistency,
  }));
}

/**
 * Transparency log proofs as text (C2SP tlog-proof@v1): index, inclusion path and signed checkpoint of one entry.
 * `@oppidum/proofs/verify-tlog-proof` verifies them; the entry itself travels beside the proof.
 */

import { type Bytes, concatBytes, encodeBase64, encodeUtf8, parseBase64, parseUtf8 } from './bytes.ts';
import { type Checkpoint, parseCheckpointNote } from './checkpoint.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { parseDecimal } from './text-rules.ts';

/** `proof` leads from the leaf's sibling up to the root's child, 32 bytes each; `note` is the signed checkpoint, verbatim. */
export type TlogProof = {
  /** Opaque and not authenticated: never trust it. Null when absent. */
  readonly extra: Bytes | null;
  readonly index: number;
  readonly proof: readonly Bytes[];
  readonly note: Bytes;
};

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const HASH_SIZE = 32;

/**
 * Parses a proof.
 * Throws VERSION_UNSUPPORTED (another first line), TEXT_INVALID, LENGTH_WRONG (a hash), NUMBER_RANGE, TOO_LARGE (bytes, hashes), and what
 * `parseCheckpointNote` throws.
 */
export function parseTlogProof(data: Bytes): TlogProof & { readonly checkpoint: Checkpoint } {
  if (data.length > LIMITS.tlogProofSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.tlogProofSizeMax });
  const text = parseUtf8(data);
  if (!text.startsWith(`${FIRST_LINE}\n`)) {
    throw formatError(text.startsWith('c2sp.org/tlog-proof@') ? 'VERSION_UNSUPPORTED' : 'TEXT_INVALID', { want: FIRST_LINE });
  }
  const end = text.indexOf('\n\n');
  if (end < 0) throw formatError('TEXT_INVALID', { want: 'an empty line before the checkpoint' });
  const lines = text.slice(0, end).split('\n').slice(1);
  const extra = lines[0]?.startsWith('extra ') ? parseExtra(lines.shift() as string) : null;
  const indexLine = lines.shift();
  if (indexLine === undefined || !indexLine.startsWith('index ')) throw formatError('TEXT_INVALID', { want: 'index N' });
  const index = parseDecimal(indexLine.slice('index '.length));
  const countMax = LIMITS.merkleProofHashCountMax;
  if (lines.length > countMax) throw formatError('TOO_LARGE', { hashes: lines.length, countMax });
  const note = encodeUtf8(text.slice(end + 2));
  return { extra, index, proof: lines.map(parseHash), note, checkpoint: parseCheckpointNote(note).checkpoint };
}

/** "If no extra data is present, this line is omitted": an empty one is a second spelling. */
function parseExtra(line: string): Bytes {
  const extra = parseBase64(line.slice('extra '.length));
  if (extra.length === 0) throw formatError('TEXT_INVALID', { want: 'no extra line without data' });
  return extra;
}

function parseHash(line: string): Bytes {
  const hash = parseBase64(line);
  if (hash.length !== HASH_SIZE) throw formatError('LENGTH_WRONG', { want: HASH_SIZE, got: hash.length });
  return hash;
}

/** The text of a proof; `parseTlogProof` gives the same parts back. */
export function encodeTlogProof(proof: TlogProof): Bytes {
  const lines = [
    FIRST_LINE,
    ...(proof.extra === null ? [] : [`extra ${encodeBase64(proof.extra)}`]),
    `index ${proof.index}`,
    ...proof.proof.map(encodeBase64),
    '',
    '',
  ];
  return concatBytes(encodeUtf8(lines.join('\n')), proof.note);
}

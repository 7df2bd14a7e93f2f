/** The body of `add-checkpoint` (C2SP tlog-witness): old size line, consistency proof lines, an empty line, the checkpoint. */

import { type Bytes, encodeUtf8, parseBase64, parseUtf8 } from '@oppidum/formats/bytes';
import { type Checkpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import type { SignedNote } from '@oppidum/formats/signed-note';
import { parseDecimal } from '@oppidum/formats/text-rules';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';

/** "The client MUST NOT send more than 63 consistency proof lines." */
const PROOF_LINE_COUNT_MAX = 63;

/** The largest body worth reading: an old size line, 63 lines of a hash in base64, and a note. */
export const REQUEST_SIZE_MAX = 32 + PROOF_LINE_COUNT_MAX * 45 + LIMITS.noteSizeMax;

export type WitnessRequest = {
  readonly oldSize: number;
  /** RFC 6962 consistency proof from `oldSize` to the checkpoint's size. */
  readonly proof: readonly Bytes[];
  /** The signed checkpoint, verbatim and parsed. */
  readonly note: Bytes;
  readonly signed: SignedNote;
  readonly checkpoint: Checkpoint;
};

/** Parses a request body. Throws TOO_LARGE, TEXT_INVALID, LENGTH_WRONG (a hash), and what `parseCheckpointNote` throws. */
export function parseWitnessRequest(body: Bytes): WitnessRequest {
  if (body.length > REQUEST_SIZE_MAX) throw formatError('TOO_LARGE', { sizeMax: REQUEST_SIZE_MAX });
  const text = parseUtf8(body);
  const end = text.indexOf('\n\n');
  if (end < 0) throw formatError('TEXT_INVALID', { want: 'an empty line before the checkpoint' });
  const [first = '', ...lines] = text.slice(0, end).split('\n');
  if (!first.startsWith('old ')) throw formatError('TEXT_INVALID', { want: 'old <size>' });
  if (lines.length > PROOF_LINE_COUNT_MAX)
    throw formatError('TOO_LARGE', { lines: lines.length, countMax: PROOF_LINE_COUNT_MAX });
  const note = encodeUtf8(text.slice(end + 2));
  const parsed = parseCheckpointNote(note);
  return {
    oldSize: parseDecimal(first.slice('old '.length)),
    proof: lines.map(parseHash),
    note,
    signed: parsed.note,
    checkpoint: parsed.checkpoint,
  };
}

function parseHash(line: string): Bytes {
  const hash = parseBase64(line);
  if (hash.length !== HASH_SIZE) throw formatError('LENGTH_WRONG', { want: HASH_SIZE, got: hash.length });
  return hash;
}

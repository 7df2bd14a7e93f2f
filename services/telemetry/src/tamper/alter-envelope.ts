/** Another value in a reading, and everything else of it as it was, the signature too: what a dishonest operator would write. */

import type { Bytes } from '@oppidum/formats/bytes';
import { equalBytes } from '@oppidum/formats/bytes';
import { encodeSign1, parseSign1 } from '@oppidum/formats/cose';
import { formatError } from '@oppidum/formats/errors';
import type { SenmlRecord } from '@oppidum/formats/senml';
import { encodeSenmlCbor, parseSenmlCbor } from '@oppidum/formats/senml-cbor';

/** What is added to a number where nobody says what it is to become. */
const STEP = 10;

/** The envelope with another first value: `value`, or the number plus ten. Throws REQUEST_INVALID where that changes nothing. */
export function alterEnvelope(envelope: Bytes, value: number | null): Bytes {
  const { protectedHeader, payload, signature } = parseSign1(envelope);
  if (payload === null) throw formatError('MISSING_FIELD', { at: '/payload' });
  const pack = parseSenmlCbor(payload);
  const place = Math.max(
    0,
    pack.findIndex(({ v, vb, vs, s }) => v !== undefined || vb !== undefined || vs !== undefined || s !== undefined),
  );
  const altered = pack.map((record, i) => (i === place ? alterRecord(record, value) : record));
  const changed = encodeSign1({ protectedHeader, payload: encodeSenmlCbor(altered), signature });
  if (equalBytes(changed, envelope)) throw formatError('REQUEST_INVALID', { at: '/value', want: 'another value than it has' });
  return changed;
}

function alterRecord(record: SenmlRecord, value: number | null): SenmlRecord {
  const { v, vb, vs, s } = record;
  if (v !== undefined) return { ...record, v: value ?? v + STEP };
  if (vb !== undefined) return { ...record, vb: !vb };
  if (vs !== undefined) return { ...record, vs: `${vs}!` };
  return { ...record, s: value ?? (s ?? 0) + STEP };
}

/**
 * What a device sends to the ledger about itself without an account: actions that prove themselves, by its own key or that of the chip in
 * it, so that whoever carries them changes nothing. Each is good once: an attestation answers the ledger's challenge, a report of firmware
 * has a number that only rises, a device is activated once. specs/trust.md §4.1.
 */

import { ACTION_FIELDS } from './action-fields.ts';
import { type Bytes, equalBytes, toHex } from './bytes.ts';
import { encodeBy, parseBy } from './common-schemas.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { list, type Schema, struct } from './schema.ts';
import { type Action, actionSchema } from './transaction.ts';

/** In the order in which they may stand in one report: each at most once. */
const REPORTED = ['device/attest', 'device/activate', 'device/report-firmware'] as const;

/** One to three of the actions above. */
export const deviceReportSchema = list(actionSchema, {
  min: 1,
  max: REPORTED.length,
  order: (a, b) => placeOf(a) - placeOf(b),
});

function placeOf({ kind }: Action): number {
  const place = (REPORTED as readonly string[]).indexOf(kind);
  if (place < 0) throw formatError('REPORT_FOREIGN', { kind });
  return place;
}

/** True for what is a report if anything, where challenges come, too: an array (RFC 8949 §3.1, major type 4), and a challenge is a map. */
export function isReport(message: Bytes): boolean {
  return (message[0] ?? 0) >> 5 === 4;
}

/** Deterministic CBOR of a report. */
export function encodeDeviceReport(actions: readonly Action[]): Bytes {
  return encodeBy(deviceReportSchema, [...actions]);
}

/**
 * Parses what claims to be a report of this device. Throws FormatError: TOO_LARGE; as the schema, REPORT_FOREIGN for an action that no
 * report carries; what the bodies' schemas say; REPORT_FOREIGN for another device.
 */
export function parseDeviceReport(message: Bytes, device: Bytes): readonly Action[] {
  const sizeMax = LIMITS.deviceReportSizeMax;
  if (message.length > sizeMax) throw formatError('TOO_LARGE', { size: message.length, sizeMax });
  const actions = parseBy(deviceReportSchema, message);
  for (const action of actions) {
    const kind = REPORTED[placeOf(action)] as (typeof REPORTED)[number];
    const { id } = (struct(ACTION_FIELDS[kind]) as Schema<{ readonly id: Bytes }>).parse(action.body, '');
    if (!equalBytes(id, device)) throw formatError('REPORT_FOREIGN', { device: toHex(id) });
  }
  return actions;
}

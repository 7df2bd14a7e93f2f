/** What a device's key signs to say which image it runs. The bytes begin with a label that no other signed bytes begin with. */

import { type Bytes, concatBytes, encodeUint32, encodeUint64, encodeUtf8 } from './bytes.ts';
import { formatError } from './errors.ts';
import { ID_SIZE } from './ids.ts';

const LABEL = encodeUtf8('oppidum/device-firmware/v1\n');

/** `counter` only rises for a key, so that an old report is worth nothing; `digest` is SHA-256 of the image. */
export type FirmwareReport = {
  readonly genesis: Bytes;
  readonly device: Bytes;
  readonly keyNumber: number;
  readonly counter: number;
  readonly digest: Bytes;
};

/**
 * The number that the next report of a key must be above. What was taken before the key was in force is of another one and binds nothing, so
 * that whoever had that key has not used up the numbers of this one. `key`, `reported`: as the ledger has them.
 */
export function lastReportNumber(
  reported: { readonly counter: number; readonly from: number } | undefined,
  key: { readonly from?: number | undefined } | null,
): number {
  return reported === undefined || reported.from < (key?.from ?? 0) ? 0 : reported.counter;
}

/** The number of the next report after `last`. Throws FIRMWARE_REPORT_OLD where there is none: only the next key has numbers again. */
export function reportNumberAfter(last: number): number {
  if (last >= Number.MAX_SAFE_INTEGER) throw formatError('FIRMWARE_REPORT_OLD', { last });
  return last + 1;
}

/** label ‖ genesis ‖ device ‖ key number:u32 ‖ counter:u64 ‖ digest. Throws LENGTH_WRONG when an id is not 32 bytes. */
export function firmwareReport({ genesis, device, keyNumber, counter, digest }: FirmwareReport): Bytes {
  for (const id of [genesis, device, digest]) {
    if (id.length !== ID_SIZE) throw formatError('LENGTH_WRONG', { want: ID_SIZE, got: id.length });
  }
  return concatBytes(LABEL, genesis, device, encodeUint32(keyNumber), encodeUint64(counter), digest);
}

/** What a device's key signs to say which image it runs. The bytes begin with a label that no other signed bytes begin with. */

import { type Bytes, concatBytes, encodeUint32, encodeUint64, encodeUtf8 } from './bytes.ts';
import { formatError } from './errors.ts';
import { ID_SIZE } from './ids.ts';

const LABEL = encodeUtf8('oppidum/device-firmware/v1\n');

/** `counter` only rises for a device, so that an old report is worth nothing; `digest` is SHA-256 of the image. */
export type FirmwareReport = {
  readonly genesis: Bytes;
  readonly device: Bytes;
  readonly keyNumber: number;
  readonly counter: number;
  readonly digest: Bytes;
};

/** label ‖ genesis ‖ device ‖ key number:u32 ‖ counter:u64 ‖ digest. Throws LENGTH_WRONG when an id is not 32 bytes. */
export function firmwareReport({ genesis, device, keyNumber, counter, digest }: FirmwareReport): Bytes {
  for (const id of [genesis, device, digest]) {
    if (id.length !== ID_SIZE) throw formatError('LENGTH_WRONG', { want: ID_SIZE, got: id.length });
  }
  return concatBytes(LABEL, genesis, device, encodeUint32(keyNumber), encodeUint64(counter), digest);
}

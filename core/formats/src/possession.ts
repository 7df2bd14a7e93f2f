/**
 * What a device's key signs to show that somebody holds it. Both challenges begin with a label that no other signed bytes begin with
 * (a COSE structure begins with a CBOR array), and name city, device and registration: a proof made for one is worth nothing for another.
 */

import { type Bytes, concatBytes, encodeUint32, encodeUtf8 } from './bytes.ts';
import { formatError } from './errors.ts';
import { ID_SIZE } from './ids.ts';

const ACTIVATION_LABEL = encodeUtf8('oppidum/device-activation/v1\n');
const ROTATION_LABEL = encodeUtf8('oppidum/device-rotation/v1\n');

/** Whose key it is: genesis hash, device id, id of the registering transaction, the number the key has or gets, the key itself. */
export type Possession = {
  readonly genesis: Bytes;
  readonly device: Bytes;
  readonly registration: Bytes;
  readonly keyNumber: number;
  readonly publicKey: Bytes;
};

/** What the first key of a device signs to activate it. Throws LENGTH_WRONG when an id is not 32 bytes. */
export function activationChallenge(possession: Possession): Bytes {
  return encodePossession(ACTIVATION_LABEL, possession);
}

/**
 * What the key in force and the new key both sign to rotate; `keyNumber` and `publicKey` are those of the new key. A number is given
 * once, so a proof that was used, or overtaken by another rotation, is void. Throws LENGTH_WRONG when an id is not 32 bytes.
 */
export function rotationChallenge(possession: Possession): Bytes {
  return encodePossession(ROTATION_LABEL, possession);
}

/** label ‖ genesis ‖ device ‖ registration ‖ key number:u32 ‖ key size:u8 ‖ key. */
function encodePossession(label: Bytes, { genesis, device, registration, keyNumber, publicKey }: Possession): Bytes {
  for (const id of [genesis, device, registration]) {
    if (id.length !== ID_SIZE) throw formatError('LENGTH_WRONG', { want: ID_SIZE, got: id.length });
  }
  const size = Uint8Array.of(publicKey.length);
  return concatBytes(label, genesis, device, registration, encodeUint32(keyNumber), size, publicKey);
}

/**
 * Who sends readings: a device key with what the ledger says of it at the last durable block. Nothing known of one block counts at
 * another, so that no revocation is outrun; what stays the same between blocks is in `device-records.ts`.
 */

import { type Bytes, readUint32 } from '@oppidum/formats/bytes';
import type { Rejection } from '@oppidum/formats/errors';
import { ID_SIZE, type PublicKey } from '@oppidum/formats/ids';
import { KID_SIZE } from '@oppidum/formats/reading-form';
import { checkEntitlement } from '@oppidum/proofs/entitlement';
import type { DeviceRecords } from './device-records.ts';

/** A device key that may send at the last durable block. */
export type Sender = {
  readonly device: Bytes;
  readonly keyNumber: number;
  /** device ‖ key number: u32, one character a byte: what Maps know it by. */
  readonly name: string;
  /** The same as bytes. */
  readonly kid: Bytes;
  readonly key: PublicKey;
  /** True when its model is registered as being about people. */
  readonly isPersonal: boolean;
  /** True when its model is registered as simulated: its time is what it simulates. */
  readonly isSimulated: boolean;
};

const LATIN1 = Buffer.prototype.latin1Slice;
const KNOWN_COUNT_MAX = 65_536;

/** The senders of one shard. */
export class Senders {
  readonly #devices: Pick<DeviceRecords, 'read' | 'height'>;
  readonly #known = new Map<string, Sender | Rejection>();
  #height = -1;

  constructor(devices: Pick<DeviceRecords, 'read' | 'height'>) {
    this.#devices = devices;
  }

  /** The last durable block. */
  get height(): number {
    return this.#devices.height;
  }

  /** Whose kid stands there, or why it may not send: what `DeviceRecords.read` and `checkEntitlement` refuse. */
  find(bytes: Bytes, kidAt: number): Sender | Rejection {
    return this.#find(LATIN1.call(bytes, kidAt, kidAt + KID_SIZE), bytes, kidAt);
  }

  /** Why a sender that was found before may not send any more, or null. */
  recheck({ name, kid }: Sender): Rejection | null {
    const found = this.#find(name, kid, 0);
    return 'code' in found ? found : null;
  }

  #find(name: string, bytes: Bytes, kidAt: number): Sender | Rejection {
    const { height } = this.#devices;
    if (height !== this.#height || this.#known.size >= KNOWN_COUNT_MAX) this.#known.clear();
    this.#height = height;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = this.#read(name, bytes.slice(kidAt, kidAt + KID_SIZE));
    // What the ledger does not know is not remembered: strangers would fill this memory.
    if (!('code' in found) || found.code !== 'DEVICE_UNKNOWN') this.#known.set(name, found);
    return found;
  }

  #read(name: string, kid: Bytes): Sender | Rejection {
    const [device, keyNumber] = [kid.subarray(0, ID_SIZE), readUint32(kid, ID_SIZE)];
    const found = this.#devices.read(device, keyNumber);
    if ('code' in found) return found;
    const { key, model } = found.entitlement;
    const refusal = checkEntitlement(found.entitlement, found.height);
    return refusal ?? { device, keyNumber, name, kid, key, isPersonal: model.personal, isSimulated: model.simulated };
  }
}

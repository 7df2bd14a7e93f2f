/**
 * The newest challenge of every device that takes orders, in memory alone: a device sends its challenge with every connection, and until
 * then no order can be made for it here. Nothing that this book says is believed by a device, which knows its own challenge.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type AllegedChallenge, challengeToBeSigned, parseChallenge } from '@oppidum/formats/device-challenge';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { verifySignature } from '@oppidum/formats/public-key';
import { at } from '@oppidum/formats/state-layout';
import { deviceZoneKind } from '@oppidum/formats/state-orders';
import type { NodeClient } from '@oppidum/node/client';
import { checkEntitlement } from '@oppidum/proofs/entitlement';
import { readEntitlement } from '@oppidum/telemetry/device-records';

/** Devices whose challenge is kept; the one that was heard of longest ago makes room. */
const DEVICE_COUNT_MAX = 131_072;

/**
 * A challenge under a key that was in force when it came. `receivedMs`: by a counter that only rises. `by`: the caller who brought it over HTTP,
 * as budgets are counted, else null.
 */
export type KnownChallenge = Omit<AllegedChallenge, 'signature'> & {
  readonly message: Bytes;
  readonly receivedMs: number;
  readonly by: string | null;
};

/** The devices of a zone (hex) whose challenge is known. `change`: another number after each change of them or of their challenges. */
type ZoneChallenges = { readonly devices: Set<string>; change: number };

type BookOptions = {
  readonly crypto: Crypto;
  readonly node: Pick<NodeClient, 'genesisHash' | 'read' | 'scan' | 'head'>;
  /** Milliseconds of any clock that only rises. */
  readonly now: () => number;
  readonly countMax?: number;
};

/** The challenges that are known here. */
export class ChallengeBook {
  readonly #options: BookOptions;
  /** By device, in hex; those heard of last stand last. */
  readonly #newest = new Map<string, KnownChallenge>();
  readonly #zones = new Map<string, ZoneChallenges>();
  /** Zones of the devices above that have one. */
  readonly #zoneOf = new Map<string, string>();
  #changeCount = 0;

  constructor(options: BookOptions) {
    this.#options = options;
  }

  /** Devices whose challenge is known. */
  get size(): number {
    return this.#newest.size;
  }

  /** An order for this challenge is on its way: no other one can be made for the device (hex) before it sends a challenge again. */
  spend(device: string, challenge: Bytes): void {
    const known = this.#newest.get(device);
    if (known !== undefined && equalBytes(known.challenge, challenge)) this.#drop(device);
  }

  /** The newest challenge of a device, or null. `device`: its id in hex. */
  newest(device: string): KnownChallenge | null {
    return this.#newest.get(device) ?? null;
  }

  /** The devices of a zone (hex) whose challenge is known, or null where there is none. */
  inZone(zone: string): Readonly<ZoneChallenges> | null {
    return this.#zones.get(zone) ?? null;
  }

  /** A device belongs to this zone from now on, or to none. */
  moved(device: string, zone: string | null): void {
    if (!this.#newest.has(device)) return;
    this.#leaveZone(device);
    if (zone !== null) this.#enterZone(device, zone);
  }

  /** A key of a device (hex) is in force no more: what it signed is no challenge any longer. */
  keyEnded(device: string, keyNumber: number): void {
    if (this.#newest.get(device)?.keyNumber === keyNumber) this.#drop(device);
  }

  /**
   * Takes a challenge that came in the name of this device (hex). The same one again changes nothing. Refuses, in this order: what
   * `parseChallenge` throws; CHALLENGE_FOREIGN; WRONG_CITY; CHALLENGE_OLD; DEVICE_UNKNOWN, KEY_UNKNOWN; as `checkEntitlement`;
   * SIGNATURE_INVALID.
   */
  take(device: string, message: Bytes, by: string | null = null): Rejection | null {
    const alleged = openChallenge(message);
    if ('code' in alleged) return alleged;
    if (toHex(alleged.device) !== device) return reject('CHALLENGE_FOREIGN');
    const { node } = this.#options;
    if (!equalBytes(alleged.city, node.genesisHash)) return reject('WRONG_CITY', { city: toHex(alleged.city) });
    const known = this.#newest.get(device);
    if (known !== undefined && equalBytes(known.message, message)) return null;
    // Numbers rise within a key: whoever stole the one before holds up nobody who has its successor.
    if (known !== undefined && known.keyNumber === alleged.keyNumber && known.number >= alleged.number)
      return reject('CHALLENGE_OLD', { newest: known.number });
    const refused = this.#checkSigned(alleged);
    if (refused !== null) return refused;
    // COMMIT POINT
    const { signature: _, ...kept } = alleged;
    this.#drop(device);
    this.#newest.set(device, { ...kept, message, receivedMs: this.#options.now(), by });
    const home = node.read(at(deviceZoneKind, alleged.device));
    if (home !== null) this.#enterZone(device, toHex(home.zone));
    this.#makeRoom();
    return null;
  }

  #checkSigned(alleged: AllegedChallenge): Rejection | null {
    const { crypto, node } = this.#options;
    const entitlement = readEntitlement(node, alleged.device, alleged.keyNumber);
    if ('code' in entitlement) return entitlement;
    const refused = checkEntitlement(entitlement, node.head().height);
    if (refused !== null) return refused;
    const isSigned = verifySignature(crypto, entitlement.key, challengeToBeSigned(crypto, alleged), alleged.signature);
    return isSigned ? null : reject('SIGNATURE_INVALID', { by: 'device key' });
  }

  #makeRoom(): void {
    for (const oldest of this.#newest.keys()) {
      if (this.#newest.size <= (this.#options.countMax ?? DEVICE_COUNT_MAX)) return;
      this.#drop(oldest);
    }
  }

  #drop(device: string): void {
    this.#newest.delete(device);
    this.#leaveZone(device);
  }

  #enterZone(device: string, zone: string): void {
    const known = this.#zones.get(zone) ?? { devices: new Set(), change: 0 };
    known.devices.add(device);
    known.change = ++this.#changeCount;
    this.#zones.set(zone, known);
    this.#zoneOf.set(device, zone);
  }

  #leaveZone(device: string): void {
    const zone = this.#zoneOf.get(device);
    const known = zone === undefined ? undefined : this.#zones.get(zone);
    if (zone === undefined || known === undefined) return;
    this.#zoneOf.delete(device);
    known.devices.delete(device);
    known.change = ++this.#changeCount;
    if (known.devices.size === 0) this.#zones.delete(zone);
  }
}

function openChallenge(message: Bytes): AllegedChallenge | Rejection {
  try {
    return parseChallenge(message);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}

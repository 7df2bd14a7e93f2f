/**
 * The newest challenge of every device that takes orders, in memory alone: a device sends its challenge with every connection, and until
 * then no order can be made for it here. Nothing that this book says is believed by a device, which knows its own challenge.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type AllegedChallenge, challengeToBeSigned, parseChallenge } from '@oppidum/formats/device-challenge';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { verifySignature } from '@oppidum/formats/public-key';
import type { NodeClient } from '@oppidum/node/client';
import { checkEntitlement } from '@oppidum/proofs/entitlement';
import { readEntitlement } from '@oppidum/telemetry/device-records';

/** Devices whose challenge is kept; the one that was heard of longest ago makes room. */
const DEVICE_COUNT_MAX = 131_072;

/** A challenge under a key that was in force when it came. `receivedMs`: by a counter that only rises. */
export type KnownChallenge = Omit<AllegedChallenge, 'signature'> & { readonly message: Bytes; readonly receivedMs: number };

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
    if (known !== undefined && equalBytes(known.challenge, challenge)) this.#newest.delete(device);
  }

  /** The newest challenge of a device, or null. `device`: its id in hex. */
  newest(device: string): KnownChallenge | null {
    return this.#newest.get(device) ?? null;
  }

  /**
   * Takes a challenge that came in the name of this device (hex). The same one again changes nothing. Refuses, in this order: what
   * `parseChallenge` throws; CHALLENGE_FOREIGN; WRONG_CITY; CHALLENGE_OLD; DEVICE_UNKNOWN, KEY_UNKNOWN; as `checkEntitlement`;
   * SIGNATURE_INVALID.
   */
  take(device: string, message: Bytes): Rejection | null {
    const alleged = openChallenge(message);
    if ('code' in alleged) return alleged;
    if (toHex(alleged.device) !== device) return reject('CHALLENGE_FOREIGN');
    const { genesisHash } = this.#options.node;
    if (!equalBytes(alleged.city, genesisHash)) return reject('WRONG_CITY', { city: toHex(alleged.city) });
    const known = this.#newest.get(device);
    if (known !== undefined && equalBytes(known.message, message)) return null;
    if (known !== undefined && known.number >= alleged.number) return reject('CHALLENGE_OLD', { newest: known.number });
    const refused = this.#checkSigned(alleged);
    if (refused !== null) return refused;
    // COMMIT POINT
    const { signature: _, ...kept } = alleged;
    this.#newest.delete(device);
    this.#newest.set(device, { ...kept, message, receivedMs: this.#options.now() });
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
      this.#newest.delete(oldest);
    }
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

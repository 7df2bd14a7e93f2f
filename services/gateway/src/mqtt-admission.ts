/**
 * Who is let in at the MQTT door: devices of the ledger that show a token or a certificate under a key in force, and for as long as it is
 * in force. No authority issues anything: the ledger's own record of the key is what a certificate is compared with (as with raw public
 * keys, RFC 7250), and what a token is verified by.
 */

import { type Bytes, equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { type AllegedToken, checkToken, parseToken, tokenToBeSigned } from '@oppidum/formats/connection-token';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { ID_SIZE, type PublicKey } from '@oppidum/formats/ids';
import { LIMITS } from '@oppidum/formats/limits';
import { verifySignature } from '@oppidum/formats/public-key';
import {
  deviceKeyKind,
  deviceKind,
  keyOwnerKind,
  manufacturerKind,
  modelKind,
  suspensionKind,
} from '@oppidum/formats/state-devices';
import { at, parseKey } from '@oppidum/formats/state-layout';
import { kindOfKey } from '@oppidum/formats/state-registry';
import type { CommittedBlock, NodeClient } from '@oppidum/node/client';
import { checkEntitlement, type Entitlement } from '@oppidum/proofs/entitlement';
import { readEntitlement } from '@oppidum/telemetry/device-records';
import { UsedTokens } from './used-tokens.ts';

/** The key of a connection's certificate, which it proved to hold in the handshake; `foreign` is one that no device can have. */
export type PeerKey = PublicKey | 'foreign' | null;

/** What a connection says of itself. */
export type Claim = {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly peerKey: PeerKey;
};

/** A connection that was let in: by which key. */
export type Admitted = { readonly device: Bytes; readonly keyNumber: number };

/** A connection that was let in, and how it is ended when its key is no longer in force. */
type Member = Admitted & { readonly end: (rejection: Rejection) => void };

/** Kinds of records that concern one device, whose id is the first segment of the key. */
const OF_ONE_DEVICE: ReadonlySet<string> = new Set([deviceKind, deviceKeyKind, suspensionKind].map(({ name }) => name));
/** Kinds of records that concern many devices. */
const OF_MANY: ReadonlySet<string> = new Set([manufacturerKind, modelKind].map(({ name }) => name));

/** Devices that are looked at in one turn of the event loop. */
const TOGETHER = 256;

export type AdmissionOptions = {
  readonly crypto: Crypto;
  readonly node: NodeClient;
  /** POSIX milliseconds. */
  readonly clock: () => number;
};

/** Judges connections, and ends them with the next block after which they would be refused. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #used = new UsedTokens();
  readonly #members = new Map<string, Set<Member>>();
  readonly #forget: () => void;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#forget = options.node.onBlock((block) => this.#follow(block));
  }

  /**
   * Refuses, in this order. With a certificate: CERTIFICATE_FOREIGN; as `checkEntitlement`; KEY_REVOKED for a key that another has replaced. Else CREDENTIALS_MISSING; what `parseToken` throws; TOPIC_FOREIGN for a token of another device; as `checkToken`;
   * DEVICE_UNKNOWN, KEY_UNKNOWN; as `checkEntitlement`; SIGNATURE_INVALID; TOKEN_USED; RATE_LIMITED for a device that connects too often.
   */
  judge(claim: Claim): Admitted | Rejection {
    const device = parseHex(claim.clientId, ID_SIZE);
    if (claim.peerKey === 'foreign') return reject('CERTIFICATE_FOREIGN');
    if (claim.peerKey !== null) return this.#judgeKey(device, claim.peerKey);
    if (claim.password === undefined || claim.username !== claim.clientId) return reject('CREDENTIALS_MISSING');
    const token = openToken(claim.password);
    return 'code' in token ? token : this.#judgeToken(device, token);
  }

  /** Ends this connection when its key is no longer in force; the answer forgets it. */
  watch(member: Member): () => void {
    const name = toHex(member.device);
    const members = this.#members.get(name) ?? new Set();
    this.#members.set(name, members.add(member));
    return () => {
      members.delete(member);
      if (members.size === 0 && this.#members.get(name) === members) this.#members.delete(name);
    };
  }

  close(): void {
    this.#forget();
  }

  #judgeKey(device: Bytes, { publicKey }: PublicKey): Admitted | Rejection {
    const { node, crypto } = this.#options;
    const owner = node.read(at(keyOwnerKind, crypto.sha256(publicKey)));
    if (owner === null || !equalBytes(owner.device, device)) return reject('CERTIFICATE_FOREIGN');
    // The newest number is the only one that can be in force.
    const keyNumber = (node.read(at(deviceKind, device))?.keyCount ?? 1) - 1;
    const entitlement = this.#entitlementOf({ device, keyNumber });
    if ('code' in entitlement) return entitlement;
    return equalBytes(entitlement.key.publicKey, publicKey)
      ? { device, keyNumber }
      : reject('KEY_REVOKED', { newest: keyNumber });
  }

  #judgeToken(device: Bytes, token: AllegedToken): Admitted | Rejection {
    const { crypto, node, clock } = this.#options;
    if (!equalBytes(token.device, device)) return reject('TOPIC_FOREIGN');
    const nowMs = clock();
    const untimely = checkToken(token, node.genesisHash, nowMs);
    if (untimely !== null) return untimely;
    const entitlement = this.#entitlementOf(token);
    if ('code' in entitlement) return entitlement;
    const { key } = entitlement;
    if (token.algorithm !== key.algorithm || !verifySignature(crypto, key, tokenToBeSigned(token), token.signature))
      return reject('SIGNATURE_INVALID', { by: 'device key' });
    const forgetS = token.expiresS + LIMITS.tokenClockErrorMaxS;
    return (
      this.#used.use(toHex(device), { id: toHex(token.id), forgetS }, nowMs / 1_000) ?? { device, keyNumber: token.keyNumber }
    );
  }

  #follow({ changes }: CommittedBlock): void {
    if (this.#members.size === 0) return;
    const touched = new Set<string>();
    for (const { key } of changes) {
      const kind = kindOfKey(key);
      if (kind === null) continue;
      if (OF_MANY.has(kind.name)) return void this.#checkAll();
      if (OF_ONE_DEVICE.has(kind.name)) touched.add(toHex(parseKey(kind, key)[0] as Bytes));
    }
    for (const name of touched) this.#check(name);
  }

  /** A few at a time: readings of others come in between. */
  async #checkAll(): Promise<void> {
    const names = [...this.#members.keys()];
    for (let first = 0; first < names.length; first += TOGETHER) {
      for (const name of names.slice(first, first + TOGETHER)) this.#check(name);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #check(name: string): void {
    for (const member of [...(this.#members.get(name) ?? [])]) {
      const entitlement = this.#entitlementOf(member);
      if ('code' in entitlement) member.end(entitlement);
    }
  }

  /** What entitles this key now. */
  #entitlementOf({ device, keyNumber }: Admitted): Entitlement | Rejection {
    const { node } = this.#options;
    const entitlement = readEntitlement(node, device, keyNumber);
    if ('code' in entitlement) return entitlement;
    return checkEntitlement(entitlement, node.head().height) ?? entitlement;
  }
}

function openToken(password: Uint8Array): AllegedToken | Rejection {
  try {
    return parseToken(new Uint8Array(password));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}

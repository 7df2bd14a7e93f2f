/** A zone in a city: who signs its orders, who vouches for them, and what its lamps may be told. */

import { encodeTransactionLeaf } from '@oppidum/formats/block-log';
import { type Bytes, compareBytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { encodeCheckpoint, signCheckpoint } from '@oppidum/formats/checkpoint';
import { policyOfValidators, validatorThreshold } from '@oppidum/formats/city-policy';
import type { Issuance } from '@oppidum/formats/compact-order';
import { cosignCheckpoint } from '@oppidum/formats/cosignature';
import type { Signer } from '@oppidum/formats/crypto';
import type { Envelope } from '@oppidum/formats/envelope';
import { cityOrigin } from '@oppidum/formats/ids';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { encodeEvents } from '@oppidum/formats/result';
import { parseSignedNote } from '@oppidum/formats/signed-note';
import { type StatementSignature, signStatement } from '@oppidum/formats/statement';
import type { KeySet } from '@oppidum/formats/zone-statements';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import type { Hands } from './hands.ts';

export const KEY_COUNT = 4;
const COSIGNED_S = 1_700_000_000;
/** On the line of a cosigner: timestamp, then signature. */
const TIME_SIZE = 8;

export class District {
  readonly hands: Hands;
  readonly city: Bytes;
  readonly zone: Bytes;
  readonly policy: Policy;
  readonly envelope: Envelope;
  readonly #origin: string;
  readonly #digest: Bytes;
  readonly #keys: readonly Signer[];
  readonly #validators: readonly { readonly name: string; readonly log: Signer; readonly cosigner: Signer }[];

  constructor(hands: Hands, validatorCount: number) {
    this.hands = hands;
    this.city = this.idOf('city');
    this.zone = this.idOf('zone');
    this.#origin = cityOrigin('district.example', this.city);
    this.#validators = Array.from({ length: validatorCount }, (_, n) => ({
      name: `validator-${n}`,
      log: hands.signer(`validator ${n} log`),
      cosigner: hands.signer(`validator ${n} cosigner`),
    }));
    this.policy = policyOfValidators(
      this.#origin,
      this.#validators.map(({ name, log, cosigner }) => ({ name, logKey: log.publicKey, cosignerKey: cosigner.publicKey })),
    );
    this.#digest = hands.crypto.sha256(encodePolicy(hands.crypto, this.policy));
    this.#keys = Array.from({ length: KEY_COUNT }, (_, n) => hands.signer(`order key ${n}`)).sort((a, b) =>
      compareBytes(a.publicKey, b.publicKey),
    );
    this.envelope = {
      ...{ city: this.city, zone: this.zone, version: 2, previous: this.idOf('envelope 1') },
      ...{ independence: 'device', grade: 'device', quantities: [], rules: [] },
      safe: [{ command: 'light/level', arguments: [{ min: 100, max: 100 }] }],
      dangerous: ['light/off'],
      lifetimeMsMax: 60_000,
      dangerousLifetimeMsMax: 20_000,
    };
  }

  idOf(name: string): Bytes {
    return this.hands.crypto.sha256(encodeUtf8(name));
  }

  /** The quorum of the city's validators. */
  get quorum(): number {
    return validatorThreshold(this.#validators.length);
  }

  keySet(threshold: number, dangerousThreshold: number): KeySet {
    const keys = this.#keys.map(({ publicKey }) => publicKey);
    return { city: this.city, zone: this.zone, version: 2, keys, threshold, dangerousThreshold };
  }

  /** The signature of one order key. */
  sign(statement: Bytes, key: number): StatementSignature {
    const signer = this.#keys[key];
    if (signer === undefined) throw new Error(`no order key ${key}`);
    const [signature] = signStatement(this.hands.crypto, 'order', statement, [{ key, signer }]);
    return signature as StatementSignature;
  }

  /** What so many validators say when a block issues the order. */
  issue(statement: Bytes, nonce: number, validatorCount: number): Issuance {
    const { crypto } = this.hands;
    const body = new Map([
      ['order', crypto.sha256(statement)],
      ['zone', this.zone],
    ]);
    const events = encodeEvents([{ kind: 'order/issued', body }]);
    const [transaction, height, position] = [this.idOf(`transaction ${nonce}`), nonce + 1, 0];
    const leaf = encodeTransactionLeaf({ height, position, id: transaction, code: 'OK', eventsDigest: crypto.sha256(events) });
    const head = { origin: this.#origin, size: 1, root: leafHash(crypto, leaf) };
    const { log } = this.#validators[0] as { log: Signer };
    const [line] = parseSignedNote(signCheckpoint(crypto, log, head)).signatures;
    const cosignatures = this.#validators.slice(0, validatorCount).map(({ name, cosigner }, validator) => {
      const { signature } = cosignCheckpoint(crypto, cosigner, name, encodeCheckpoint(head), COSIGNED_S);
      return { validator, timeS: COSIGNED_S, signature: signature.slice(TIME_SIZE) };
    });
    const checkpoint = {
      size: head.size,
      root: head.root,
      log: 0,
      signature: line?.signature ?? new Uint8Array(64),
      cosignatures,
    };
    return { transaction, height, position, events, index: 0, path: [], checkpoint, policy: this.#digest };
  }
}

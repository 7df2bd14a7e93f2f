/**
 * What stands behind a machine's obedience besides its zone's keys: the city's policy and those that followed it, and where newer key sets,
 * envelopes and policies may be had. None of these sources is believed; what they bring is.
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { zoneEnvelopeKind, zoneKeysKind } from '@oppidum/formats/state-orders';
import type { SignedStatement } from '@oppidum/formats/statement';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { followPolicy, hearSuccessors } from '../follow-policy.ts';
import type { ProvenRecords } from '../proven-records.ts';
import type { ZoneSource } from './zone-pins.ts';

/** The newest policy that a device knows. */
export class OrderTrust {
  readonly #crypto: Crypto;
  readonly #ask: (() => Promise<readonly Bytes[]>) | null;
  #trust: Trust;
  /** Of the policy's file, made once: writing the policy out for each order was most of what a judgement left to be collected. */
  #digest: Bytes;

  /** `policy`: the pinned one. `ask`: evidence of the changes since, in their order, from anybody; null where nobody can be asked. */
  constructor(crypto: Crypto, policy: Policy, ask: (() => Promise<readonly Bytes[]>) | null) {
    this.#crypto = crypto;
    this.#trust = { policy };
    this.#digest = digestOf(crypto, policy);
    this.#ask = ask;
  }

  /**
   * The policy whose file has this digest, or null. A former one is none any more: a city that changed its validators no longer lets the
   * old ones order anything.
   */
  policyOf(digest: Bytes): Policy | null {
    return equalBytes(this.#digest, digest) ? this.#trust.policy : null;
  }

  /** Follows the city's policy as far as its validators prove it. What cannot be had or proven changes nothing. */
  async follow(): Promise<void> {
    if (this.#ask === null) return;
    const files = await hearSuccessors(this.#ask);
    this.#trust = followPolicy(this.#crypto, this.#trust, files);
    this.#digest = digestOf(this.#crypto, this.#trust.policy);
  }
}

function digestOf(crypto: Crypto, policy: Policy): Bytes {
  return crypto.sha256(encodePolicy(crypto, policy));
}

/** Key sets and envelopes as the records of the ledger have them. */
export function ledgerSource(records: ProvenRecords): ZoneSource {
  const signed = (record: { readonly statement: Bytes; readonly signatures?: SignedStatement['signatures'] } | null) =>
    record === null ? null : { statement: record.statement, signatures: record.signatures ?? [] };
  return {
    keySet: async (zone, version) => signed(await records.read(zoneKeysKind, [zone, version])),
    envelope: async (zone, version) => signed(await records.read(zoneEnvelopeKind, [zone, version])),
  };
}

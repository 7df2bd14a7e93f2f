/** Records of the ledger that a device maker acts on: asked of the city's API, believed only as evidence under the city's policy. */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import type { Crypto } from '@oppidum/formats/crypto';
import { type FormatError, formatError } from '@oppidum/formats/errors';
import { parseEvidence, type StateEvidence } from '@oppidum/formats/evidence';
import { genesisHashOf } from '@oppidum/formats/ids';
import type { Policy } from '@oppidum/formats/policy';
import { parseState, type Segment, type StateKind } from '@oppidum/formats/state-layout';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import type { CityClient } from './city-client.ts';
import { followPolicy, hearSuccessors } from './follow-policy.ts';

/** Reads proven records of one city. */
export class ProvenRecords {
  readonly audience: Bytes;
  /** The pinned one. They are believed under it, or the one that it led on to. */
  readonly policy: Policy;
  readonly #crypto: Crypto;
  readonly #api: CityClient | null;
  #trust: Trust;

  /** `policyFile`: the bytes of `city.policy`, from a source that the owner trusts. `api`: null where only kept evidence is opened. */
  constructor(crypto: Crypto, policyFile: Bytes, api: CityClient | null) {
    this.#crypto = crypto;
    this.policy = parseCityPolicy(crypto, policyFile);
    this.#trust = { policy: this.policy };
    this.audience = genesisHashOf(originOf(this.policy));
    this.#api = api;
  }

  /** The record of `kind` under all its segments as the city's newest checkpoint proves it, or null when it proves that there is none. */
  async read<V>(kind: StateKind<V>, segments: readonly Segment[]): Promise<V | null> {
    const file = await this.fetch(kind, segments);
    const api = this.#api;
    // The council may have changed who vouches: a machine is not cut off from its city by that.
    if (api !== null && verifyEvidence(this.#crypto, file, this.#trust).verdict !== 'OK') {
      const files = await hearSuccessors(() => api.successors());
      this.#trust = followPolicy(this.#crypto, this.#trust, files);
    }
    return this.open(kind, segments, file);
  }

  /** Evidence of one record, not verified. Throws as `CityApi` does. */
  fetch<V>(kind: StateKind<V>, segments: readonly Segment[]): Promise<Bytes> {
    if (this.#api === null) throw formatError('CITY_UNREACHABLE', { api: 'none' });
    return this.#api.stateEvidence({ kind: kind.name, segments: [...segments] });
  }

  /** Opens evidence of one record. Throws EVIDENCE_REFUSED unless the verdict is OK and it is about exactly this record. */
  open<V>(kind: StateKind<V>, segments: readonly Segment[], file: Bytes): V | null {
    const report = verifyEvidence(this.#crypto, file, this.#trust);
    if (report.verdict !== 'OK') throw this.#refused(kind.name, report.verdict);
    const evidence = parseEvidence(file);
    if (evidence.fact !== 'state' || !isAbout(evidence, kind.name, segments))
      throw this.#refused(kind.name, 'about something else');
    const [value] = evidence.state.values;
    return value === undefined ? null : parseState(kind, value);
  }

  /** Whoever gave it is not asked first again. */
  #refused(kind: string, verdict: string): FormatError {
    this.#api?.passOver();
    return formatError('EVIDENCE_REFUSED', { kind, verdict });
  }
}

function isAbout({ claim }: StateEvidence, kind: string, segments: readonly Segment[]): boolean {
  if (claim.kind !== kind || claim.segments.length !== segments.length) return false;
  if (claim.from !== undefined || claim.to !== undefined) return false;
  return segments.every((segment, i) => isSameSegment(segment, claim.segments[i] as Segment));
}

function isSameSegment(a: Segment, b: Segment): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? equalBytes(a, b) : a === b;
}

/**
 * What one group of verified readings will change, in memory: which sequence numbers are decided and how, which entries the log
 * gets, what the shard signs. Nothing here is durable or told to anybody.
 *
 * Per device key, over the sequence number:
 *
 *   the number is          | and the reading is                    | then
 *   decided, same payload  | whatever                              | the first answer again
 *   decided, other payload | whatever                              | SEQUENCE_REUSED; a clone, if the first was kept
 *   free, below the window | whatever                              | SEQUENCE_TOO_OLD
 *   free                   | never acceptable                      | decided: its code
 *   free                   | acceptable                            | decided: kept at the next index
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { ErrorCode } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import type { ReceiptLeaf } from '@oppidum/formats/receipt';
import type { Admission, VerifiedReading } from './admit.ts';
import { deviceKeyName } from './late-places.ts';
import type { Decision, SequencePlace } from './stored-group.ts';
import type { Vault } from './vault.ts';

/** What the sender will be told: a refusal that may pass, a leaf that this group signs, or what an earlier group said. */
export type Judgement =
  | Extract<Admission, { readonly kind: 'passing' }>
  | { readonly kind: 'signed'; readonly leaf: ReceiptLeaf; readonly position: number }
  | { readonly kind: 'repeated'; readonly leaf: ReceiptLeaf; readonly decision: Decision };

/** A reading that enters the log. */
export type KeptDraft = { readonly reading: VerifiedReading; readonly index: number };
/** A second payload under a number whose first is kept at `firstIndex`. */
export type CloneDraft = { readonly reading: VerifiedReading; readonly firstIndex: number };

/** One group in the making: readings are judged in the order in which they came. */
export class GroupDraft {
  readonly number: number;
  readonly leaves: ReceiptLeaf[] = [];
  readonly kept: KeptDraft[] = [];
  readonly clones: CloneDraft[] = [];
  readonly #decisions = new Map<string, Decision>();
  readonly #highest = new Map<string, number>();
  readonly #vault: Pick<Vault, 'decision' | 'highestSequence' | 'clone'>;
  readonly #issuer: { readonly audience: Bytes; readonly shard: Bytes };
  #nextIndex: number;

  constructor(
    vault: Pick<Vault, 'decision' | 'highestSequence' | 'clone' | 'size' | 'nextGroup'>,
    issuer: { readonly audience: Bytes; readonly shard: Bytes },
  ) {
    this.#vault = vault;
    this.#issuer = issuer;
    this.number = vault.nextGroup;
    this.#nextIndex = vault.size;
  }

  get decisions(): Decision[] {
    return [...this.#decisions.values()];
  }

  /** Finds the reading's place in its sequence, and with it the answer. */
  judge(admission: Admission): Judgement {
    if (admission.kind === 'passing') return admission;
    const { reading, refusal } = admission;
    const known = this.#decisions.get(placeName(reading)) ?? this.#vault.decision(reading);
    if (known !== null && isSameContent(known, reading)) return this.#repeat(known);
    if (known !== null) return this.#refuseClone(reading, known);
    if (reading.sequence < this.#highestSequence(reading) - LIMITS.sequenceWindow)
      return this.#refuse(reading, 'SEQUENCE_TOO_OLD');
    return this.#decide(reading, refusal?.code ?? this.#nextIndex);
  }

  #repeat(decision: Decision): Judgement {
    const leaf = this.#leafOf(decision, decision.digest, decision.outcome);
    if (decision.group !== this.number) return { kind: 'repeated', leaf, decision };
    return { kind: 'signed', leaf, position: decision.position };
  }

  #refuseClone(reading: VerifiedReading, { outcome }: Decision): Judgement {
    const isNew = this.#vault.clone(reading) === null && !this.clones.some((clone) => isSamePlace(clone.reading, reading));
    if (typeof outcome === 'number' && isNew) this.clones.push({ reading, firstIndex: outcome });
    return this.#refuse(reading, 'SEQUENCE_REUSED');
  }

  /** Signed anew whenever it is asked: it can never become untrue, so nothing of it needs to be kept. */
  #refuse(reading: VerifiedReading, code: ErrorCode): Judgement {
    return this.#sign(this.#leafOf(reading, reading.digest, code));
  }

  #decide(reading: VerifiedReading, outcome: number | ErrorCode): Judgement {
    const { device, keyNumber, sequence, contentDigest, digest } = reading;
    const [group, position, key] = [this.number, this.leaves.length, deviceKeyName(reading)];
    const decision: Decision = { device, keyNumber, sequence, contentDigest, digest, group, position, outcome };
    this.#decisions.set(`${key}/${sequence}`, decision);
    this.#highest.set(key, Math.max(sequence, this.#highestSequence(reading)));
    if (typeof outcome === 'number') this.kept.push({ reading, index: this.#nextIndex++ });
    return this.#sign(this.#leafOf(reading, digest, outcome));
  }

  #sign(leaf: ReceiptLeaf): Judgement {
    this.leaves.push(leaf);
    return { kind: 'signed', leaf, position: this.leaves.length - 1 };
  }

  #leafOf({ device, keyNumber, sequence }: SequencePlace, digest: Bytes, outcome: number | string): ReceiptLeaf {
    const { audience, shard } = this.#issuer;
    if (typeof outcome === 'number') return { audience, shard, device, keyNumber, sequence, digest, index: outcome };
    return { audience, shard, device, keyNumber, sequence, digest, refusal: outcome };
  }

  #highestSequence(place: SequencePlace): number {
    return this.#highest.get(deviceKeyName(place)) ?? this.#vault.highestSequence(place);
  }
}

function placeName(place: SequencePlace): string {
  return `${deviceKeyName(place)}/${place.sequence}`;
}

/** The same payload; of a reading whose subject was erased since, the same envelope. */
function isSameContent(known: Decision, reading: VerifiedReading): boolean {
  return equalBytes(known.digest, reading.digest) || equalBytes(known.contentDigest, reading.contentDigest);
}

function isSamePlace(a: SequencePlace, b: SequencePlace): boolean {
  return placeName(a) === placeName(b);
}

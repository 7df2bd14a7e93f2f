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

import { equalBytes } from '@oppidum/formats/bytes';
import type { ErrorCode } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import type { Admission, VerifiedReading } from './admit.ts';
import type { Decision } from './stored-group.ts';
import type { Vault } from './vault.ts';

/** What the sender will be told: a refusal that may pass, what this group signs, or what an earlier group said. */
export type Judgement =
  | Extract<Admission, { readonly kind: 'passing' }>
  | { readonly kind: 'signed'; readonly said: Decision }
  | { readonly kind: 'repeated'; readonly said: Decision };

/** A reading that enters the log. */
export type KeptDraft = { readonly reading: VerifiedReading; readonly index: number };
/** A second payload under a number whose first is kept at `firstIndex`. */
export type CloneDraft = { readonly reading: VerifiedReading; readonly firstIndex: number };

type KnownSequences = Pick<Vault, 'decision' | 'highestSequence' | 'clone'>;

/** One group in the making: readings are judged in the order in which they came. */
export class GroupDraft {
  readonly number: number;
  /** All that the shard signs, by position; those that decide are `decisions` as well, in the same order. */
  readonly leaves: Decision[] = [];
  readonly decisions: Decision[] = [];
  readonly kept: KeptDraft[] = [];
  readonly clones: CloneDraft[] = [];
  /** Highest number of each device key that this group decided about. */
  readonly #highest = new Map<string, number>();
  /** Decisions by place, as far as anybody asked. */
  readonly #byPlace = new Map<string, Decision>();
  #byPlaceCount = 0;
  readonly #vault: KnownSequences;
  #nextIndex: number;

  constructor(vault: KnownSequences & Pick<Vault, 'size' | 'nextGroup'>) {
    this.#vault = vault;
    this.number = vault.nextGroup;
    this.#nextIndex = vault.size;
  }

  /** Finds the reading's place in its sequence, and with it the answer. */
  judge(admission: Admission): Judgement {
    if (admission.kind === 'passing') return admission;
    const { reading, refusal } = admission;
    const { sender, sequence } = reading;
    const highest = this.#highest.get(sender.name) ?? this.#vault.highestSequence(sender);
    // What is above all others was never decided: nearly all readings need no further look.
    if (sequence <= highest) {
      const known = this.#find(reading);
      if (known !== null && isSameContent(known, reading)) return this.#repeat(known);
      if (known !== null) return this.#refuseClone(reading, known);
      if (sequence < highest - LIMITS.sequenceWindow) return this.#sign(reading, 'SEQUENCE_TOO_OLD');
    } else this.#highest.set(sender.name, sequence);
    return this.#decide(reading, refusal?.code ?? null);
  }

  #find({ sender, sequence }: VerifiedReading): Decision | null {
    for (; this.#byPlaceCount < this.decisions.length; this.#byPlaceCount++) {
      const decision = this.decisions[this.#byPlaceCount] as Decision;
      this.#byPlace.set(`${decision.name}/${decision.sequence}`, decision);
    }
    return this.#byPlace.get(`${sender.name}/${sequence}`) ?? this.#vault.decision({ ...sender, sequence });
  }

  #repeat(known: Decision): Judgement {
    return { kind: known.group === this.number ? 'signed' : 'repeated', said: known };
  }

  #refuseClone(reading: VerifiedReading, { outcome }: Decision): Judgement {
    const isNew =
      this.#vault.clone({ ...reading.sender, sequence: reading.sequence }) === null &&
      !this.clones.some((clone) => isSamePlace(clone.reading, reading));
    if (typeof outcome === 'number' && isNew) this.clones.push({ reading, firstIndex: outcome });
    return this.#sign(reading, 'SEQUENCE_REUSED');
  }

  /** `code`: why it can never be kept, or null. */
  #decide(reading: VerifiedReading, code: ErrorCode | null): Judgement {
    const judgement = this.#sign(reading, code ?? this.#nextIndex);
    this.decisions.push(judgement.said);
    if (code === null) this.kept.push({ reading, index: this.#nextIndex++ });
    return judgement;
  }

  /** What only refuses a number that others have is signed anew whenever it is asked: it can never become untrue. */
  #sign({ sender, sequence, digest, contentDigest }: VerifiedReading, outcome: number | ErrorCode) {
    const { name, device, keyNumber } = sender;
    const [group, position] = [this.number, this.leaves.length];
    const said: Decision = { name, device, keyNumber, sequence, contentDigest, digest, group, position, outcome };
    this.leaves.push(said);
    return { kind: 'signed', said } as const;
  }
}

/** The same payload; of a reading whose subject was erased since, the same envelope. */
function isSameContent(known: Decision, reading: VerifiedReading): boolean {
  return equalBytes(known.digest, reading.digest) || equalBytes(known.contentDigest, reading.contentDigest);
}

function isSamePlace(a: VerifiedReading, b: VerifiedReading): boolean {
  return a.sender.name === b.sender.name && a.sequence === b.sequence;
}

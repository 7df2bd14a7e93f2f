/**
 * How validators cosign without talking to each other by ways of their own: each puts its signed checkpoint of the last durable block
 * into its vote for the next one (a vote extension), and everybody collects. State never depends on what is collected here.
 *
 *   extension = signed note: the checkpoint of the committed block log, one log signature, one cosignature of the same validator
 *             / nothing: a validator that has nothing new to say, or may not sign, still votes
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { type Checkpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { VALIDATORS } from '@oppidum/formats/city-policy';
import type { Crypto } from '@oppidum/formats/crypto';
import { orNull } from '@oppidum/formats/errors';
import { chooseCosigners, evaluatePolicy, type Policy } from '@oppidum/formats/policy';
import { encodeSignedNote, type NoteSignature } from '@oppidum/formats/signed-note';

export type VoteNotesOptions = {
  readonly crypto: Crypto;
  /** The policy whose set cosigns the head of a size. */
  readonly policyOf: (size: number) => Policy;
  /** Which set that is, for comparison. */
  readonly setOf: (size: number) => string;
  /** How long a publisher waits for what others say. */
  readonly waitMs?: number;
};

/** A checkpoint, three lines, and two signature lines with short names. */
const EXTENSION_SIZE_MAX = 2_048;
/** Heads that may still find their quorum, newest last: one a block. */
const HEAD_COUNT_MAX = 64;

type Head = Omit<Checkpoint, 'extensions'>;
/** What was said of one head, and by which set it is to be cosigned. */
type Said = {
  readonly text: string;
  readonly log: NoteSignature;
  readonly root: Bytes;
  /** By cosigner. The same words again, as its own are to a validator, are not verified again. */
  readonly words: Map<string, { readonly extension: Bytes; readonly cosignature: NoteSignature }>;
  readonly set: string;
  readonly policy: Policy;
};

/** The words of a city's validators as one node heard them. */
export class VoteNotes {
  readonly #options: VoteNotesOptions;
  readonly #said = new Map<number, Said>();
  #heard = Promise.withResolvers<void>();

  constructor(options: VoteNotesOptions) {
    this.#options = options;
  }

  /**
   * Is this what a correct validator says of this head? By bytes, head and policy alone, so that everybody answers alike. What is valid
   * and not empty is kept.
   */
  accept(extension: Bytes, head: Head): boolean {
    if (extension.length === 0) return true;
    const before = this.#said.get(head.size);
    if (before !== undefined && isSaid(before, extension, head)) return true;
    const opened = this.#open(extension, head);
    if (opened === null) return false;
    const { cosignature, name } = opened;
    const said = before ?? this.#begin(opened, head);
    this.#said.set(head.size, said);
    said.words.set(name, { extension: extension.slice(), cosignature });
    for (const size of this.#said.keys()) if (this.#said.size > HEAD_COUNT_MAX) this.#said.delete(size);
    this.#heard.resolve();
    this.#heard = Promise.withResolvers<void>();
    return true;
  }

  /** The newest checkpoint, of at least this size, that the validators' quorum cosigned; null when none comes in time. */
  async quorumNote(sizeMin: number): Promise<Bytes | null> {
    const untilMs = performance.now() + (this.#options.waitMs ?? 1_000);
    for (;;) {
      const note = this.#newestQuorum(sizeMin);
      const leftMs = untilMs - performance.now();
      if (note !== null || leftMs <= 0) return note;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, leftMs);
      await Promise.race([this.#heard.promise, promise]);
      clearTimeout(timer);
    }
  }

  /** Asked while the head is the newest: its block is at hand then, and later must be read and parsed as a whole. */
  #begin({ text, log }: Pick<Said, 'text' | 'log'>, { size, root }: Head): Said {
    const { setOf, policyOf } = this.#options;
    return { text, log, root, words: new Map(), set: setOf(size), policy: policyOf(size) };
  }

  /** A head that ends the term of a set is not passed over: by it clients learn of the next set. */
  #newestQuorum(sizeMin: number): Bytes | null {
    let best: { readonly set: string; readonly note: Bytes } | null = null;
    const unpublished = [...this.#said].filter(([size]) => size >= sizeMin).sort(([a], [b]) => a - b);
    for (const [, said] of unpublished) {
      if (best !== null && best.set !== said.set) continue;
      const note = this.#quorumOf(said);
      if (note !== null) best = { set: said.set, note };
    }
    return best?.note ?? null;
  }

  #quorumOf({ text, log, words, policy }: Said): Bytes | null {
    // The fewest that suffice: outside witnesses sign the same note, and it carries 16 signatures at most.
    const chosen = chooseCosigners(policy, VALIDATORS, new Set(words.keys()));
    if (chosen === null) return null;
    return encodeSignedNote({ text, signatures: [log, ...chosen.flatMap((name) => words.get(name)?.cosignature ?? [])] });
  }

  #open(extension: Bytes, { origin, size, root }: Head) {
    if (extension.length > EXTENSION_SIZE_MAX) return null;
    const policy = this.#options.policyOf(size);
    const report = orNull(() => evaluatePolicy(this.#options.crypto, policy, extension));
    if (report === null) return null;
    const { checkpoint, logSignatures, cosignatures, broken, unknownCount } = report;
    const isAboutHead = checkpoint.origin === origin && checkpoint.size === size && equalBytes(checkpoint.root, root);
    const [log, cosignature] = [logSignatures[0], cosignatures[0]];
    const isWhole = logSignatures.length === 1 && cosignatures.length === 1 && broken.length === 0 && unknownCount === 0;
    if (!isAboutHead || checkpoint.extensions.length > 0 || !isWhole || log === undefined || cosignature === undefined)
      return null;
    const { text, signatures } = parseCheckpointNote(extension).note;
    const { name } = cosignature.witness;
    const isValidator = policy.groups.some((group) => group.name === VALIDATORS && group.members.includes(name));
    if (!isValidator || signatures.length !== 2) return null;
    return { text, log: log.line, cosignature: cosignature.line, name };
  }
}

function isSaid({ root, words }: Said, extension: Bytes, head: Head): boolean {
  return equalBytes(root, head.root) && [...words.values()].some((word) => equalBytes(word.extension, extension));
}

/**
 * All outside witnesses of one log, asked at once for each checkpoint. What the policy's quorum demands is waited for; what is only
 * welcome never holds a checkpoint up: a witness that failed is left alone for a while, longer each time.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { addSignatures } from '@oppidum/formats/cosignature';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Rejection } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { evaluatePolicy, type Policy } from '@oppidum/formats/policy';
import { type NoteSignature, parseSignedNote } from '@oppidum/formats/signed-note';
import type { WitnessClient, WitnessedLog } from './witness-client.ts';

const PAUSE_MIN_MS = 1_000;
const PAUSE_MAX_MS = 60_000;

export type WitnessPanelOptions = {
  readonly crypto: Crypto;
  readonly clients: readonly WitnessClient[];
  /** The policy in force, or null for a log that no policy knows: then no witness is needed. */
  readonly policy: () => Policy | null;
  /** How long witnesses that are not needed may hold a checkpoint up. */
  readonly waitMs?: number;
  /** Told of every refusal; WITNESS_CONFLICT is a matter for people. */
  readonly onRefusal?: (refusal: Rejection) => void;
};

/** A slow witness is not asked again before it has answered. */
type Seat = { readonly client: WitnessClient; isAsked: boolean; pauseMs: number; pausedUntilMs: number };

/** The witnesses of one log. */
export class WitnessPanel {
  readonly #options: WitnessPanelOptions;
  readonly #seats: readonly Seat[];

  constructor(options: WitnessPanelOptions) {
    this.#options = options;
    this.#seats = options.clients.map((client) => ({ client, isAsked: false, pauseMs: 0, pausedUntilMs: 0 }));
  }

  /** The signed checkpoint with the cosignatures that came, or null while the policy's quorum is missing. */
  async cosign(note: Bytes, log: WitnessedLog): Promise<Bytes | null> {
    const isNeeded = !this.#isEnough(note);
    const asked = this.#seats.filter((seat) => !seat.isAsked && (isNeeded || seat.pausedUntilMs <= performance.now()));
    const lines: NoteSignature[] = [];
    const free = LIMITS.noteSignatureCountMax - parseSignedNote(note).signatures.length;
    const cosigned = (): Bytes => addSignatures(note, lines.slice(0, free));
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    const answers = asked.map(async (seat) => {
      const line = await this.#ask(seat, note, log);
      if (line !== null) lines.push(line);
      if (isNeeded && this.#isEnough(cosigned())) resolve();
    });
    const timer = isNeeded ? undefined : setTimeout(resolve, this.#options.waitMs ?? 500);
    await Promise.race([Promise.all(answers), enough]);
    clearTimeout(timer);
    return !isNeeded || this.#isEnough(cosigned()) ? cosigned() : null;
  }

  #isEnough(note: Bytes): boolean {
    const policy = this.#options.policy();
    return policy === null || evaluatePolicy(this.#options.crypto, policy, note).quorum === 'met';
  }

  async #ask(seat: Seat, note: Bytes, log: WitnessedLog): Promise<NoteSignature | null> {
    seat.isAsked = true;
    const answer = await seat.client.cosign(note, log);
    seat.isAsked = false;
    const isRefusal = 'code' in answer;
    seat.pauseMs = isRefusal ? Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, 2 * seat.pauseMs)) : 0;
    seat.pausedUntilMs = performance.now() + seat.pauseMs;
    if (!isRefusal) return answer.line;
    this.#options.onRefusal?.(answer);
    return null;
  }
}

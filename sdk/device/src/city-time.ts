/**
 * Time from the city itself: the times that a quorum signed on its checkpoints (C2SP tlog-cosignature). They prove that it is at least so
 * late. That it is not later is known when a checkpoint was seen to appear: it was signed after the question before. Whoever holds the
 * network can hold checkpoints back and so keep a device in the past; nobody can put it ahead. A city in which nothing happens signs
 * nothing and so tells no time: use it beside other sources, or where devices are busy.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { evaluatePolicy, type Policy, refusalOf } from '@oppidum/formats/policy';
import type { DeviceClock, Instant, TimeSource } from './clock.ts';

type CityTimeOptions = {
  readonly crypto: Crypto;
  /** Whom to believe: `parseCityPolicy` of the trusted file. */
  readonly policy: Policy;
  /** The newest checkpoint; `CityApi` has it. */
  readonly checkpoint: () => Promise<Bytes>;
  readonly clock: DeviceClock;
  /** Between two questions; the error is this and the time of an answer. */
  readonly pollMs?: number;
  /** Gives up when nothing appears for this long. */
  readonly timeoutMs?: number;
};

const POLL_MS = 500;
const TIMEOUT_MS = 30_000;
/** Cosignatures tell whole seconds, rounded down. */
const RESOLUTION_MS = 1_000;

/**
 * The city as a source of time. `ask` rejects with TIME_SOURCE_UNREACHABLE when no checkpoint appears in time, the code for which one is not
 * to be believed, and as `checkpoint` does. Every checkpoint also tells the clock how late it is at least.
 */
export function cityTime(options: CityTimeOptions): TimeSource {
  return { name: 'city', ask: () => askCity(options) };
}

async function askCity(options: CityTimeOptions): Promise<Instant> {
  const { clock, pollMs = POLL_MS, timeoutMs = TIMEOUT_MS } = options;
  const { monotonic } = clock;
  const begunMs = monotonic.nowMs();
  let former: { readonly size: number; readonly askedMs: number } | null = null;
  for (;;) {
    const askedMs = monotonic.nowMs();
    const { size, timeMs } = signedTime(options, await options.checkpoint());
    clock.notBefore(timeMs);
    const nowMs = monotonic.nowMs();
    if (former !== null && size > former.size) {
      // Signed after we had asked for the former and were told of nothing newer, and before now.
      const spanMs = RESOLUTION_MS + (nowMs - former.askedMs);
      return { timeMs: timeMs + spanMs / 2, errorMs: Math.ceil(spanMs / 2) };
    }
    if (nowMs - begunMs > timeoutMs) throw formatError('TIME_SOURCE_UNREACHABLE', { source: 'city', reason: 'nothing new' });
    former = { size, askedMs };
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** The earliest time among the cosigners of a believed checkpoint: it is no earlier now, unless all of a quorum lie. */
function signedTime({ crypto, policy }: CityTimeOptions, note: Bytes): { readonly size: number; readonly timeMs: number } {
  const report = evaluatePolicy(crypto, policy, note);
  const rejection = refusalOf(report);
  if (rejection !== null) throw formatError(rejection.code, rejection.details);
  const timesS = report.cosignatures.map(({ timeS }) => timeS);
  if (timesS.length === 0) throw formatError('TIME_SOURCE_INVALID', { source: 'city', reason: 'nobody cosigned' });
  return { size: report.checkpoint.size, timeMs: Math.min(...timesS) * 1_000 };
}

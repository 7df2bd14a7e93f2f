/**
 * Power that no lamp explains, by the accounts of cabinets (specs/alarms.md §4.1): for each whole quarter of an hour those of the three hours
 * before it, as anybody can count them from the signed readings and the document in force. By a desk of its own, so that a crowd at the
 * gateway's door keeps no theft from being seen; one account at a time, and then as long a rest.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { deviceKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { NodeClient } from '@oppidum/node/client';
import type { Logger } from 'pino';
import type { CabinetAccountJson } from '../api/cabinets.ts';
import { AccountDesk, endOfAnswer } from '../lighting/account-desk.ts';
import { intervalsOf } from '../lighting/live-accounts.ts';
import { type CabinetsDocument, LIGHTING, zoneCabinets } from '../lighting/zone-cabinets.ts';
import { findAccounted, findNewestReadingOf } from '../read-model/alarm-queries.ts';
import { findZonesOf } from '../read-model/order-queries.ts';
import type { ReadModel } from '../read-model/read-model.ts';

const QUARTER_MS = 15 * 60_000;
const SPAN_MS = 3 * 3_600_000;
/** Devices that were cut off for a moment have sent by then what they measured. */
const LATE_MS = 5 * 60_000;
const LOOK_EVERY_MS = 30_000;

type WatchOptions = {
  readonly node: Pick<NodeClient, 'read'>;
  readonly readModel: Pick<ReadModel, 'database' | 'file' | 'isCaughtUp' | 'hasFailed' | 'note'>;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
};

/** What the accounts of one meter say: power that goes where no lamp is, none, or that nothing can be said. */
type Verdict = { readonly kind: 'stolen'; readonly detail: string } | { readonly kind: 'closes' } | { readonly kind: 'unknown' };

/** Looks by itself from `start` to `stop`. */
export class CabinetWatch {
  readonly #options: WatchOptions;
  readonly #desk: AccountDesk;
  readonly #stop = new AbortController();
  #lookedAtMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #isLooking = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#desk = new AccountDesk(options.readModel.file);
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      this.#looking = this.look()
        .catch((error: Error) => this.#report(error))
        .finally(() => {
          this.#isLooking = false;
        });
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stop.abort();
    await this.#desk.close();
    await this.#looking;
  }

  #report({ message, stack }: Error): void {
    if (!this.#stop.signal.aborted) this.#options.logger.error({ error: { message, stack } }, 'nobody looked for stolen power');
  }

  /** Notes what the newest accounts say that was not known. Once for each quarter of an hour; not where rows are made anew. */
  async look(): Promise<void> {
    const { readModel, clock } = this.#options;
    const endMs = Math.floor((clock() - LATE_MS) / QUARTER_MS) * QUARTER_MS;
    if (endMs <= this.#lookedAtMs || !readModel.isCaughtUp || readModel.hasFailed) return;
    this.#lookedAtMs = endMs;
    const verdicts = await this.#judgeAll(endMs);
    if (this.#stop.signal.aborted) return;
    const known = new Set(await findAccounted(readModel.database));
    for (const [meter, verdict] of verdicts)
      if (verdict.kind === 'stolen' && !known.has(meter)) await this.#note('raise', meter, endMs, verdict.detail);
    for (const meter of known) {
      // A meter that nobody accounts for any more is nobody's alarm; of one that is not judged nothing changes.
      const verdict = verdicts.get(meter) ?? { kind: 'closes' };
      if (verdict.kind === 'closes') await this.#note('clear', meter, endMs, null);
    }
  }

  async #note(what: 'raise' | 'clear', meter: string, endMs: number, detail: string | null): Promise<void> {
    const { readModel } = this.#options;
    const evidence = (await findNewestReadingOf(readModel.database, meter, endMs)) ?? meter;
    const subject = parseHex(meter);
    readModel.note([{ what, cause: 'power-residual', subject, detail, evidence, kind: 'account', timeMs: endMs }]);
  }

  /** By meter (hex). One that several zones account for is well only if it is in all of them. */
  async #judgeAll(endMs: number): Promise<ReadonlyMap<string, Verdict>> {
    const { node, readModel } = this.#options;
    const verdicts = new Map<string, Verdict>();
    for (const id of await findZonesOf(readModel.database, LIGHTING)) {
      const document = zoneCabinets(node, id);
      if (document === null) continue;
      for (const [meter, verdict] of await this.#judgeZone(id, document, endMs)) {
        if (!this.#isAboutPeople(meter)) verdicts.set(meter, worse(verdicts.get(meter), verdict));
      }
    }
    return verdicts;
  }

  async #judgeZone(
    zone: string,
    { version, body, cabinets }: CabinetsDocument,
    endMs: number,
  ): Promise<readonly (readonly [meter: string, verdict: Verdict])[]> {
    const span = intervalsOf(endMs - SPAN_MS, endMs);
    const found: (readonly [string, Verdict])[] = [];
    for (let first = 0; first < cabinets.cabinets.length && !this.#stop.signal.aborted; ) {
      const end = endOfAnswer(cabinets, first);
      const beganMs = performance.now();
      const name = [zone, version, first, endMs].join();
      const run = cabinets.cabinets.slice(first, end);
      found.push(
        ...(await this.#desk.ask({ by: 'alarms', name, task: { kind: 'cabinets', body, first, end, span } }).then(
          (accounts) => accounts.map((account) => [account.meter, verdictOf(account)] as const),
          (error: Error) => {
            this.#report(error);
            return run.map(({ meter }) => [toHex(meter.device), { kind: 'unknown' }] as const);
          },
        )),
      );
      await this.#rest(performance.now() - beganMs);
      first = end;
    }
    return found;
  }

  async #rest(ms: number): Promise<void> {
    // A stop ends it early.
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  #isAboutPeople(meter: string): boolean {
    const { node } = this.#options;
    const device = node.read(at(deviceKind, parseHex(meter)));
    return device === null || node.read(at(modelKind, device.model))?.personal !== false;
  }
}

function verdictOf({ account }: Pick<CabinetAccountJson, 'account'>): Verdict {
  if (account === null) return { kind: 'unknown' };
  const [most] = account.stolen.toSorted((a, b) => b.powerW - a.powerW);
  if (most !== undefined) return { kind: 'stolen', detail: `${most.powerW} ± ${most.uncertaintyW} W` };
  return { kind: account.unexplained ? 'unknown' : 'closes' };
}

const ORDER = ['closes', 'unknown', 'stolen'] as const;

function worse(a: Verdict | undefined, b: Verdict): Verdict {
  return a !== undefined && ORDER.indexOf(a.kind) > ORDER.indexOf(b.kind) ? a : b;
}

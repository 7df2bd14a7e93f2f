/**
 * What follows from time alone (specs/alarms.md §2): who has fallen silent, and what is behind. Looked at now and then, and noted in the read
 * model when it changes, so that it says the same again to nobody.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AlarmCause } from '@oppidum/formats/alarm';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { at } from '@oppidum/formats/state-layout';
import { anchorHeadKind, shardKind } from '@oppidum/formats/state-telemetry';
import { validatorSetKind } from '@oppidum/formats/state-validators';
import type { NodeClient } from '@oppidum/node/client';
import type { TelemetryClient } from '@oppidum/telemetry/client';
import type { Logger } from 'pino';
import { findMissed, findNewestReading, findSenderOf, findSilent, type SilentDevice } from '../read-model/alarm-queries.ts';
import type { FoundSign } from '../read-model/alarm-rows.ts';
import type { EvidenceKind } from '../read-model/database.ts';
import type { ReadModel } from '../read-model/read-model.ts';
import { inTurns } from '../turns.ts';
import { SilentCount, SilentModels } from './silent-models.ts';

const SILENT_MS = 900_000;
/** Devices that are looked at in one turn of the event loop. */
const SILENT_OF_ONE_TURN = 256;
const SHARD_BEHIND_MS = 30_000;
const VALIDATOR_SILENT_MS = 60_000;
const LOOK_EVERY_MS = 5_000;
/** So many times as long as counting who is silent took nobody counts again: of a million silent devices that is a minute. */
const REST_SHARE = 9;

type WatchOptions = {
  readonly node: Pick<NodeClient, 'read' | 'checkpoint'>;
  readonly shards: readonly Pick<TelemetryClient, 'status'>[];
  readonly readModel: Pick<ReadModel, 'database' | 'isCaughtUp' | 'hasFailed' | 'lag' | 'note'>;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
};

/** Something that is missing now. */
type Missed = {
  readonly cause: AlarmCause;
  readonly subject: string;
  readonly sinceMs: number;
  readonly evidence: string;
  readonly kind: EvidenceKind;
  readonly detail: string | null;
  /** It is open and is opened anew: who acknowledged it did not know this. */
  readonly isAnew?: boolean;
};

/** An alarm that time opened. */
type Known = Awaited<ReturnType<typeof findMissed>>[number];

type Span = { readonly fromMs: number; readonly toMs: number };

/** Since when a value has been what it is. */
class Steady {
  readonly #known = new Map<string, { readonly value: string; readonly sinceMs: number }>();

  sinceMs(name: string, value: string, nowMs: number): number {
    const known = this.#known.get(name);
    if (known?.value === value) return known.sinceMs;
    this.#known.set(name, { value, sinceMs: nowMs });
    return nowMs;
  }
}

const NONE: ReadonlySet<string> = new Set();

/** Looks by itself from `start` to `stop`. */
export class AlarmWatch {
  readonly #options: WatchOptions;
  readonly #startedMs: number;
  readonly #anchors = new Steady();
  readonly #models = new SilentModels();
  /** By cosigning key: the newest checkpoint that it cosigned, and between when it cosigned none of those that came. */
  readonly #validators = new Map<string, { readonly checkpoint: string; readonly missed: Span | null }>();
  #lastRoot = '';
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #isLooking = false;
  #restUntilMs = 0;
  /** As they were counted last. */
  #silentNow: readonly Missed[] = [];
  #isStopped = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#startedMs = options.clock();
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      const begunMs = performance.now();
      const isRested = begunMs >= this.#restUntilMs;
      this.#looking = this.look(isRested)
        .catch((error: Error) => this.#report(error))
        .finally(() => {
          this.#isLooking = false;
          if (isRested) this.#restUntilMs = performance.now() + REST_SHARE * (performance.now() - begunMs);
        });
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#looking;
  }

  #report({ message, stack }: Error): void {
    this.#options.logger.error({ error: { message, stack } }, 'nobody looked for what is silent');
  }

  /**
   * Notes what has changed since it looked last. Where rows are behind, nobody can say who is silent; unless `isRested`, who was counted last
   * is.
   */
  async look(isRested = true): Promise<void> {
    const { readModel, clock } = this.#options;
    this.#hear(clock());
    const { readings, blocks } = readModel.lag();
    if (!readModel.isCaughtUp || readModel.hasFailed || readings > 0 || blocks > 0) return;
    const nowMs = clock();
    const known = await findMissed(readModel.database);
    const before = new Set(known.map(nameOf));
    // What was silent while nobody listened is not silent yet; what was called so before still is.
    const isEarly = nowMs - this.#startedMs < SILENT_MS;
    const silent = isRested
      ? await this.#silent(isEarly ? new SilentModels() : this.#models, known, nowMs)
      : this.#silentNow.map((one) => ({ ...one, isAnew: false }));
    if (this.#isStopped) return;
    this.#silentNow = silent;
    const told = isEarly ? silent.filter((one) => before.has(nameOf(one))) : silent;
    const missed = [...told, ...this.#behind(nowMs), ...this.#unheard()];
    const now = new Set(missed.map(nameOf));
    const opened = missed.filter((one) => !before.has(nameOf(one)));
    const anew = isEarly ? [] : missed.filter(({ isAnew }) => isAnew === true);
    const over = known.filter((one) => !now.has(nameOf(one)));
    const cleared = await inTurns(over, (one) => this.#clear(one, nowMs));
    // Opened anew: what was is closed by the same that opens it.
    readModel.note([
      ...cleared,
      ...anew.map((one) => signOf('clear', one)),
      ...[...opened, ...anew].map((one) => signOf('raise', one)),
    ]);
  }

  /** `models`: what is known of alarms that are open. */
  async #silent(models: SilentModels, known: readonly Known[], nowMs: number): Promise<readonly Missed[]> {
    const opened = new Map(
      known.flatMap(({ cause, subject, openedMs }) => (cause === 'model-silent' ? [[subject, openedMs]] : [])),
    );
    const openedAt = (model: string): number | null => {
      const openedMs = opened.get(model);
      return openedMs === undefined ? null : openedMs - SILENT_MS;
    };
    const found = models.look(await this.#countSilent(new SilentCount(openedAt), nowMs - SILENT_MS));
    const before = new Set(known.map(nameOf));
    const single = await inTurns(found.single, (one) =>
      this.#missing(one, { cause: 'device-silent', subject: one.device, detail: null }, before),
    );
    const ofModels = await inTurns(found.models, async ({ model, count, opening, isAnew }) => {
      const about = { cause: 'model-silent', subject: model, detail: String(count) } as const;
      return { ...(await this.#missing(opening, about, isAnew ? NONE : before)), isAnew };
    });
    return [...single, ...ofModels];
  }

  /** All of them, however many: some at a time, and others have their turns between. */
  async #countSilent(count: SilentCount, sinceMs: number): Promise<SilentCount> {
    const { database } = this.#options.readModel;
    let after: Awaited<ReturnType<typeof findSilent>>['end'] = null;
    do {
      const { rows, end }: Awaited<ReturnType<typeof findSilent>> = await findSilent(database, {
        ...{ sinceMs, after, rowCount: SILENT_OF_ONE_TURN },
      });
      for (const device of rows) count.add(device);
      after = end;
      if (after !== null) await nextTurn();
    } while (after !== null && !this.#isStopped);
    return count;
  }

  /** Of what is open the evidence is known. */
  async #missing(
    { device, sender, lastMs }: SilentDevice,
    about: Pick<Missed, 'cause' | 'subject' | 'detail'>,
    before: ReadonlySet<string>,
  ): Promise<Missed> {
    const isKnown = before.has(nameOf(about));
    const evidence = (isKnown ? null : await findNewestReading(this.#options.readModel.database, sender)) ?? device;
    return { ...about, sinceMs: lastMs + SILENT_MS, evidence, kind: 'reading' };
  }

  #behind(nowMs: number): readonly Missed[] {
    const { node, shards } = this.#options;
    return shards.flatMap((shard) => {
      const { id, number, size, anchored, accepts } = shard.status();
      const subject = toHex(id);
      const isLevel = accepts && size === (anchored?.size ?? 0);
      const sinceMs = this.#anchors.sinceMs(subject, isLevel ? 'level' : String(anchored?.size ?? 0), nowMs);
      const isRetired = node.read(at(shardKind, id))?.status === 'retired';
      if (isLevel || isRetired || nowMs - sinceMs < SHARD_BEHIND_MS) return [];
      const head = node.read(at(anchorHeadKind, id));
      const evidence = head === null ? subject : toHex(head.root);
      return [{ cause: 'shard-behind', subject, sinceMs, evidence, kind: 'anchor', detail: String(number) } as const];
    });
  }

  /** Whose cosignature each new checkpoint has. While the city is quiet there is nothing to sign, and nobody is silent. */
  #hear(nowMs: number): void {
    const { node } = this.#options;
    const published = node.checkpoint();
    if (published === null || toHex(published.root) === this.#lastRoot) return;
    this.#lastRoot = toHex(published.root);
    const signers = new Set(parseCheckpointNote(published.note).note.signatures.map(({ name }) => name));
    for (const { name, cosignerKey } of node.read(at(validatorSetKind))?.validators ?? []) {
      const key = toHex(cosignerKey);
      const known = this.#validators.get(key);
      if (signers.has(name)) this.#validators.set(key, { checkpoint: this.#lastRoot, missed: null });
      else {
        const missed = { fromMs: known?.missed?.fromMs ?? nowMs, toMs: nowMs };
        this.#validators.set(key, { checkpoint: known?.checkpoint ?? key, missed });
      }
    }
  }

  #unheard(): readonly Missed[] {
    const validators = this.#options.node.read(at(validatorSetKind))?.validators ?? [];
    return validators.flatMap(({ name, cosignerKey }) => {
      const subject = toHex(cosignerKey);
      const { checkpoint: evidence = subject, missed = null } = this.#validators.get(subject) ?? {};
      if (missed === null || missed.toMs - missed.fromMs < VALIDATOR_SILENT_MS) return [];
      const sinceMs = missed.fromMs + VALIDATOR_SILENT_MS;
      return [{ cause: 'validator-silent', subject, sinceMs, evidence, kind: 'checkpoint', detail: name } as const];
    });
  }

  /** What says that it is over: the newest of the same sort as what opened it. */
  async #clear({ cause, subject }: { readonly cause: string; readonly subject: string }, nowMs: number): Promise<FoundSign> {
    const { database } = this.#options.readModel;
    const known = cause as AlarmCause;
    const over = { cause: known, subject, sinceMs: nowMs, detail: null };
    if (known === 'shard-behind') {
      const head = this.#options.node.read(at(anchorHeadKind, parseHex(subject)));
      return signOf('clear', { ...over, evidence: head === null ? subject : toHex(head.root), kind: 'anchor' });
    }
    if (known === 'validator-silent')
      return signOf('clear', { ...over, evidence: this.#validators.get(subject)?.checkpoint ?? subject, kind: 'checkpoint' });
    const sender = await findSenderOf(database, subject);
    const reading = sender === null ? null : await findNewestReading(database, sender);
    return signOf('clear', { ...over, evidence: reading ?? subject, kind: 'reading' });
  }
}

function nameOf({ cause, subject }: { readonly cause: string; readonly subject: string }): string {
  return `${cause} ${subject}`;
}

function signOf(what: FoundSign['what'], { cause, subject, sinceMs, evidence, kind, detail }: Missed): FoundSign {
  return { what, cause, subject: parseHex(subject), detail, evidence, kind, timeMs: sinceMs };
}

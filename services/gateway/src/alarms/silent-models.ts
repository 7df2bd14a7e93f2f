/**
 * Silent devices of one model as one alarm, owner by owner (specs/alarms.md §2): what one owner lets fall silent takes no alarm from the
 * devices of another, and whoever answered for that has not answered for theirs.
 */

import type { SilentDevice } from '../read-model/alarm-queries.ts';

/** So many silent devices of one owner and model have an alarm each; one more, and they have one together. */
const SILENT_OF_OWNER_MAX = 8;

/** Devices with alarms of their own, and models with one for the rest. */
export type Silence = { readonly single: readonly SilentDevice[]; readonly models: readonly SilentModel[] };

/** `count`: of its devices, silent; `opening`: the device by which it would be opened; `isAnew`: it is, though it was open before. */
export type SilentModel = {
  readonly model: string;
  readonly count: number;
  readonly opening: SilentDevice;
  readonly isAnew: boolean;
};

/** Of one owner and model: how many of his devices were silent when somebody was last called for them, 9, 18, 36 …, and the last of these. */
type Mark = { readonly owner: string; readonly step: number; readonly device: SilentDevice };

/** Silent devices of one owner and model. `few`: all of them while they are few. `heardCount`: silent when the model's alarm was opened. */
type Tally = { count: number; heardCount: number; few: readonly SilentDevice[]; mark: Omit<Mark, 'owner'> | null };

/**
 * Counts silent devices, one after the other: there may be more than anybody wants in memory. `openedAt`: since when the last reading of what
 * is answered for must be past, where an alarm of the model is open; null where none is.
 */
export class SilentCount {
  readonly models = new Map<string, Map<string, Tally>>();
  readonly openedAt: (model: string) => number | null;

  constructor(openedAt: (model: string) => number | null) {
    this.openedAt = openedAt;
  }

  /** The next one: those silent longest come first. */
  add(device: SilentDevice): void {
    const { model, lastMs } = device;
    const owner = device.owner ?? '';
    const owners = this.models.get(model) ?? new Map<string, Tally>();
    this.models.set(model, owners);
    const tally = owners.get(owner) ?? { count: 0, heardCount: 0, few: [], mark: null };
    owners.set(owner, tally);
    tally.count += 1;
    if (lastMs <= (this.openedAt(model) ?? -1)) tally.heardCount += 1;
    tally.few = tally.count > SILENT_OF_OWNER_MAX ? [] : [...tally.few, device];
    if (stepOf(tally.count) === tally.count) tally.mark = { step: tally.count, device };
  }
}

/** What the alarms of models that are open were opened for. */
export class SilentModels {
  /** By model and owner. */
  readonly #answered = new Map<string, Map<string, number>>();

  /** What follows when all that are silent have been counted. */
  look({ models: counted, openedAt }: SilentCount): Silence {
    for (const model of this.#answered.keys()) if (!counted.has(model)) this.#answered.delete(model);
    const single: SilentDevice[] = [];
    const models: SilentModel[] = [];
    for (const [model, owners] of counted) {
      for (const { few } of owners.values()) single.push(...few);
      const many = [...owners].filter(([, { count }]) => count > SILENT_OF_OWNER_MAX);
      const found = this.#lookAt(model, many, openedAt(model));
      if (found !== null) models.push(found);
    }
    return { single, models };
  }

  #lookAt(
    model: string,
    owners: readonly (readonly [owner: string, tally: Tally])[],
    openedMs: number | null,
  ): SilentModel | null {
    const marks = owners.flatMap(([owner, { mark }]): Mark[] => (mark === null ? [] : [{ owner, ...mark }]));
    if (marks.length === 0) {
      this.#answered.delete(model);
      return null;
    }
    const before = openedMs === null ? new Map<string, number>() : (this.#answered.get(model) ?? stepsAt(owners));
    const unheard = marks.filter(({ owner, step }) => step > (before.get(owner) ?? 0));
    const answered = marks.map(({ owner, step }) => [owner, Math.max(step, before.get(owner) ?? 0)] as const);
    this.#answered.set(model, new Map(answered));
    const [opening] = (unheard.length > 0 ? unheard : marks).toSorted((a, b) => b.device.lastMs - a.device.lastMs);
    if (opening === undefined) throw new Error('of some marks one is the newest');
    const count = owners.reduce((sum, [, tally]) => sum + tally.count, 0);
    return { model, count, opening: opening.device, isAnew: openedMs !== null && unheard.length > 0 };
  }
}

/** What an alarm was opened for, as whoever begins to look can know it: who was silent then and is still. */
function stepsAt(owners: readonly (readonly [string, Tally])[]): ReadonlyMap<string, number> {
  return new Map(owners.map(([owner, { heardCount }]) => [owner, stepOf(heardCount)] as const));
}

/** At how many of so many silent devices somebody was last called; 0 for no more than have alarms of their own. */
function stepOf(count: number): number {
  if (count <= SILENT_OF_OWNER_MAX) return 0;
  let step = SILENT_OF_OWNER_MAX + 1;
  while (2 * step <= count) step *= 2;
  return step;
}

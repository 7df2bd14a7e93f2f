/**
 * Silent devices of one model as one alarm, owner by owner (specs/alarms.md §2): what one owner lets fall silent takes no alarm from the
 * devices of another, and whoever answered for that has not answered for theirs.
 */

import type { findSilent } from '../read-model/alarm-queries.ts';

/** So many silent devices of one owner and model have an alarm each; one more, and they have one together. */
const SILENT_OF_OWNER_MAX = 8;

export type SilentDevice = Awaited<ReturnType<typeof findSilent>>[number];

/** Devices with alarms of their own, and models with one for the rest. */
export type Silence = { readonly single: readonly SilentDevice[]; readonly models: readonly SilentModel[] };

/** `count`: of its devices, silent; `opening`: the device by which it would be opened; `isAnew`: it is, though it was open before. */
export type SilentModel = {
  readonly model: string;
  readonly count: number;
  readonly opening: SilentDevice;
  readonly isAnew: boolean;
};

/** Of one owner: how many of his devices were silent when somebody was last called for them, 9, 18, 36 …, and the last of these. */
type Mark = { readonly owner: string; readonly step: number; readonly device: SilentDevice };

/** What the alarms of models that are open were opened for. */
export class SilentModels {
  /** By model and owner. */
  readonly #answered = new Map<string, Map<string, number>>();

  /**
   * `devices`: all that are silent, those silent longest first. `ownerOf`: null for the maker. `openedAt`: since when the last reading of
   * what is answered for must be past, where an alarm of the model is open; null where none is.
   */
  look(
    devices: readonly SilentDevice[],
    ownerOf: (device: string) => string | null,
    openedAt: (model: string) => number | null,
  ): Silence {
    const byModel = Map.groupBy(devices, ({ model }) => model);
    for (const model of this.#answered.keys()) if (!byModel.has(model)) this.#answered.delete(model);
    const single: SilentDevice[] = [];
    const models: SilentModel[] = [];
    for (const [model, silent] of byModel) {
      const few = silent.length <= SILENT_OF_OWNER_MAX;
      const owners = few ? [] : [...Map.groupBy(silent, ({ device }) => ownerOf(device) ?? '')];
      const many = owners.filter(([, own]) => own.length > SILENT_OF_OWNER_MAX);
      single.push(...(few ? silent : owners.filter((each) => !many.includes(each)).flatMap(([, own]) => own)));
      const found = this.#lookAt(model, many, openedAt(model));
      if (found !== null) models.push(found);
    }
    return { single, models };
  }

  #lookAt(
    model: string,
    owners: readonly (readonly [owner: string, devices: readonly SilentDevice[]])[],
    openedMs: number | null,
  ): SilentModel | null {
    const marks = owners.flatMap(([owner, devices]) => markOf(owner, devices) ?? []);
    if (marks.length === 0) {
      this.#answered.delete(model);
      return null;
    }
    const before = openedMs === null ? new Map<string, number>() : (this.#answered.get(model) ?? stepsAt(owners, openedMs));
    const unheard = marks.filter(({ owner, step }) => step > (before.get(owner) ?? 0));
    const answered = marks.map(({ owner, step }) => [owner, Math.max(step, before.get(owner) ?? 0)] as const);
    this.#answered.set(model, new Map(answered));
    const [opening] = (unheard.length > 0 ? unheard : marks).toSorted((a, b) => b.device.lastMs - a.device.lastMs);
    if (opening === undefined) throw new Error('of some marks one is the newest');
    const count = owners.reduce((sum, [, devices]) => sum + devices.length, 0);
    return { model, count, opening: opening.device, isAnew: openedMs !== null && unheard.length > 0 };
  }
}

/** What an alarm was opened for, as whoever begins to look can know it: who was silent then and is still. */
function stepsAt(owners: readonly (readonly [string, readonly SilentDevice[]])[], openedMs: number): ReadonlyMap<string, number> {
  const marks = owners.flatMap(
    ([owner, devices]) =>
      markOf(
        owner,
        devices.filter(({ lastMs }) => lastMs <= openedMs),
      ) ?? [],
  );
  return new Map(marks.map(({ owner, step }) => [owner, step]));
}

/** Null for no more than have alarms of their own. */
function markOf(owner: string, devices: readonly SilentDevice[]): Mark | null {
  let step = SILENT_OF_OWNER_MAX + 1;
  while (2 * step <= devices.length) step *= 2;
  const device = devices[step - 1];
  return device === undefined ? null : { owner, step, device };
}

/** What an attack is: it is really carried out, and what came of it is read from those who were attacked, never assumed. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { AttackedCity } from './attacked-city.ts';

/** How an attack is to end: before anything happened, or with whoever did it known. */
export type Stop = { readonly ending: 'prevented' | 'detected'; readonly by: string; readonly rule: string };

/** Something to hold in the hand: `file` is what anybody can check, and `verdict` what the verifier says of it here. */
export type Exhibit = { readonly name: string; readonly file: Bytes; readonly verdict: string };

/** What those who were attacked said: the code with which it was refused, or the verdict that proves it; null when neither came. */
export type Finding = { readonly rule: string | null; readonly saw: string; readonly exhibits?: readonly Exhibit[] };

export type Attack = {
  readonly name: string;
  /** Who has what, and does what with it. */
  readonly tried: string;
  /** By whom and by which rule it is to be stopped; the desk says what really came of it. */
  readonly stop: Stop;
  readonly run: (city: AttackedCity) => Promise<Finding>;
};

/** `succeeded`: nobody stopped it and nobody could prove it. */
export type Outcome = Finding & { readonly ending: Stop['ending'] | 'succeeded'; readonly by: string };

/** Carries an attack out. */
export async function carryOut({ run, stop }: Attack, city: AttackedCity): Promise<Outcome> {
  const finding = await run(city);
  const isStopped = finding.rule !== null;
  return { ...finding, ending: isStopped ? stop.ending : 'succeeded', by: isStopped ? stop.by : 'nobody' };
}

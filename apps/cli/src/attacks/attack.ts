/** What an attack is: it is really carried out, and what came of it is read from those who were attacked, never assumed. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { AttackedCity } from './attacked-city.ts';

/** `succeeded`: nobody stopped it and nobody could prove it. */
export type Ending = 'prevented' | 'detected' | 'succeeded';

/** Something to hold in the hand: `file` is what anybody can check, and `verdict` what the verifier says of it here. */
export type Exhibit = { readonly name: string; readonly file: Bytes; readonly verdict: string };

/** What came of an attack. `rule` is the code with which it was refused, or the verdict that proves it; null where it succeeded. */
export type Outcome = {
  readonly ending: Ending;
  readonly by: string;
  readonly rule: string | null;
  readonly saw: string;
  readonly exhibits?: readonly Exhibit[];
};

export type Attack = {
  readonly name: string;
  /** Who has what, and does what with it. */
  readonly tried: string;
  readonly run: (city: AttackedCity) => Promise<Outcome>;
};

/** The outcome of an attack on somebody who refuses by a code; without one it went through. */
export function preventedBy(by: string, rule: string | null, saw: string): Outcome {
  return { ending: rule === null ? 'succeeded' : 'prevented', by, rule, saw };
}

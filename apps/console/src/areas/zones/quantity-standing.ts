/** Whether the sensors of a quantity would speak for it, by the newest values that are shown: the rules of specs/interlocks.md in short. */

import type { Quantity } from '@oppidum/formats/envelope';
import type { SampleJson } from '@oppidum/gateway/api/readings';

type Sample = Pick<SampleJson, 'value' | 'timeMs'>;

export type Standing = {
  /** `few`: too few fresh values; `apart`: they contradict each other. */
  readonly standing: 'few' | 'apart' | 'speaks';
  readonly fresh: number;
  /** Between the highest and the lowest fresh value, in the unit of the sensors. */
  readonly spread: number;
};

/** `samples`: the newest value of each sensor, null where there is none. */
export function quantityStanding(
  { least, agreeWithin, decimals, freshMs }: Pick<Quantity, 'least' | 'agreeWithin' | 'decimals' | 'freshMs'>,
  samples: readonly (Sample | null)[],
  nowMs: number,
): Standing {
  const values = samples.flatMap((sample) =>
    sample !== null && typeof sample.value === 'number' && nowMs - sample.timeMs <= freshMs ? [sample.value] : [],
  );
  const spread = values.length === 0 ? 0 : Math.max(...values) - Math.min(...values);
  if (values.length < least) return { standing: 'few', fresh: values.length, spread };
  // Whole numbers of 10^-decimals, as the ledger compares them.
  const isApart = Math.round(spread * 10 ** decimals) > agreeWithin;
  return { standing: isApart ? 'apart' : 'speaks', fresh: values.length, spread };
}

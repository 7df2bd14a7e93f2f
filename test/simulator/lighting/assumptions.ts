/** What the simulated year takes for granted, each settable: `npm run simulate -- lighting --help` prints them. */

export type Assumptions = {
  readonly year: number;
  readonly days: number;
  /** Of all sections together; each has its share. */
  readonly lamps: number;
  /** Mean rated power of a lamp. */
  readonly watts: number;
  readonly eurPerKwh: number;
  readonly gramsCo2PerKwh: number;
  readonly latitude: number;
  readonly longitude: number;
  /** Share of hours in which roads are wet, and in which there is fog or snow. */
  readonly wetPercent: number;
  readonly fogPercent: number;
  /** Pauses of the traffic record up to so long are bridged; in longer ones the detector is lost and its road fully lit. */
  readonly gapMinutes: number;
  /** What lamps still give of what they gave when new and clean, in ‰, as the programme of this year was signed. */
  readonly maintained: number;
  readonly seed: number;
};

type Rule = {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
  readonly says: string;
};

/** By flag. */
export const ASSUMPTIONS: Readonly<Record<string, Rule & { readonly field: keyof Assumptions }>> = {
  year: { field: 'year', value: 2026, min: 2000, max: 2100, whole: true, says: 'the calendar year' },
  days: { field: 'days', value: 365, min: 1, max: 366, whole: true, says: 'of it, from 1 January on' },
  lamps: { field: 'lamps', value: 1_310, min: 20, max: 1_000_000, whole: true, says: 'lamps in eight sections' },
  watts: { field: 'watts', value: 50, min: 1, max: 1_000, says: 'mean rated power of a lamp, W' },
  price: { field: 'eurPerKwh', value: 0.25, min: 0, max: 100, says: 'EUR for a kWh' },
  co2: { field: 'gramsCo2PerKwh', value: 350, min: 0, max: 5_000, says: 'grams of CO₂ for a kWh' },
  latitude: { field: 'latitude', value: 48.14, min: -55, max: 55, says: 'degrees north: sun, dusk and dawn' },
  longitude: { field: 'longitude', value: 11.58, min: -180, max: 180, says: 'degrees east' },
  wet: { field: 'wetPercent', value: 12, min: 0, max: 50, says: '% of the hours with wet roads' },
  fog: { field: 'fogPercent', value: 3, min: 0, max: 50, says: '% of the hours with fog or snow' },
  gap: {
    field: 'gapMinutes',
    value: 60,
    min: 0,
    max: 1_440,
    whole: true,
    says: 'minutes of a pause in the traffic record that are bridged; longer ones are a lost detector',
  },
  maintained: {
    field: 'maintained',
    value: 850,
    min: 850,
    max: 1_000,
    whole: true,
    says: '‰ of their light as new that lamps give at the end of the year: 850 when they are to be renewed',
  },
  seed: { field: 'seed', value: 1, min: 0, max: 4_294_967_295, whole: true, says: 'of clouds, weather and the choice of days' },
};

/** All as they are when nobody says otherwise. */
export function usualAssumptions(): Assumptions {
  return Object.fromEntries(Object.values(ASSUMPTIONS).map(({ field, value }) => [field, value])) as Assumptions;
}

/** A sentence that says what is wrong with a value, or null. */
export function checkAssumption(flag: string, value: number): string | null {
  const rule = ASSUMPTIONS[flag];
  if (rule === undefined) return `there is no assumption --${flag}`;
  const fits = value >= rule.min && value <= rule.max && (rule.whole !== true || Number.isInteger(value));
  return fits
    ? null
    : `--${flag} is ${rule.whole === true ? 'a whole number' : 'a number'} from ${rule.min} to ${rule.max}: ${rule.says}`;
}

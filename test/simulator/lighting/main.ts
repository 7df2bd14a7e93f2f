/** `npm run simulate -- lighting`: a year of street lighting on real traffic, its assumptions settable (docs/lighting.md). */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sharedFolder } from '../../support/shared.ts';
import { ASSUMPTIONS, type Assumptions, checkAssumption, usualAssumptions } from './assumptions.ts';
import { runYear, toKwh, type YearFigures, type YearTotals, yearFigures } from './run-year.ts';
import { madeUpDays, readTrafficDays, type TrafficDays } from './traffic-days.ts';

const [EXIT_BROKEN, EXIT_USAGE] = [1, 2];

/** The real traffic where it is, else a made-up week that says so. */
export function findTraffic({ gapMinutes }: Assumptions): TrafficDays {
  const folder = join(sharedFolder() ?? '', 'data', 'traffic');
  return sharedFolder() !== null && existsSync(folder) ? readTrafficDays(folder, gapMinutes) : madeUpDays();
}

/** The assumptions that these arguments name, or a sentence for whoever typed them; empty: they asked for help. */
export function readAssumptions(args: readonly string[]): { readonly assumed: Assumptions; readonly json: boolean } | string {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { ...Object.fromEntries(Object.keys(ASSUMPTIONS).map((name) => [name, text])), json: flag, help: flag };
  let values: Readonly<Record<string, unknown>>;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (values['help'] === true) return '';
  const assumed: Record<string, number> = { ...usualAssumptions() };
  for (const [name, { field }] of Object.entries(ASSUMPTIONS)) {
    const given = values[name];
    if (typeof given !== 'string') continue;
    const wrong = given.trim() === '' ? `--${name} wants a number` : checkAssumption(name, Number(given));
    if (wrong !== null) return wrong;
    assumed[field] = Number(given);
  }
  return { assumed: assumed as Assumptions, json: values['json'] === true };
}

function usage(): string {
  const lines = Object.entries(ASSUMPTIONS).map(([name, { value, says }]) => `  --${name.padEnd(10)} ${says} (${value})`);
  return ['npm run simulate -- lighting [--json] [--ASSUMPTION VALUE …]', ...lines].join('\n');
}

const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }).replaceAll(',', '\u202f');

function describeCabinet({ name, adaptiveMws, fullMws }: YearTotals['cabinets'][0]): string {
  const [adaptive, full] = [toKwh(adaptiveMws), toKwh(fullMws)];
  return `  ${name.padEnd(18)} ${number(full).padStart(9)} → ${number(adaptive).padStart(9)} kWh, ${number((1 - adaptive / full) * 100, 1)} % saved`;
}

/** What the figures say, in lines for people. */
export function describeYear(assumed: Assumptions, traffic: TrafficDays, totals: YearTotals): readonly string[] {
  const figures: YearFigures = yearFigures(totals, assumed);
  const f = (name: string, digits = 0): string => number(figures[name] ?? Number.NaN, digits);
  return [
    'Assumptions (each settable, see --help)',
    ...Object.entries(ASSUMPTIONS).map(
      ([flag, { field, says }]) => `  ${String(assumed[field]).padStart(8)}  --${flag.padEnd(10)} ${says}`,
    ),
    `  traffic: ${traffic.source}`,
    '',
    'Electricity',
    `  no dimming             ${f('noDimmingKwh')} kWh`,
    `  half-night switching   ${f('halfNightKwh')} kWh, and each lamp's street below its class for ${f('halfNightBelowClassHoursPerLamp')} h`,
    `  adaptive               ${f('adaptiveKwh')} kWh, lamps lit ${f('litHoursPerLamp')} h each`,
    '',
    'Saved against no dimming',
    `  ${f('savedPercent', 1)} % (published schemes reach 40 to 60), ${f('savedKwh')} kWh, ${f('savedEur')} EUR, ${f('savedCo2Kg')} kg CO₂`,
    `  against half-night switching ${f('savedAgainstHalfNightPercent', 1)} %; against the normal class all night ${f('savedAgainstNormalClassPercent', 1)} %`,
    '',
    'Cabinets',
    ...totals.cabinets.map(describeCabinet),
    '',
    'Checked by code that shares nothing with the lamps',
    `  ${f('secondsBelowClass')} lamp-seconds below the class minimum; ${f('litByDayLampS')} lit by day`,
    `  full light because a detector was silent: ${f('fullForLostDetectorHoursPerLamp', 1)} h a lamp`,
    `  ${f('hindsightBelowPercent', 2)} % of the lit time a road carried more than its last reading said, so that hindsight asks for a higher class`,
  ];
}

/** Runs the year and prints it. Exit code 0; 1 when any lamp was ever below its class; 2 for arguments that mean nothing. */
export function simulateLighting(args: readonly string[]): void {
  const asked = readAssumptions(args);
  if (typeof asked === 'string') {
    console.error(asked === '' ? usage() : `${asked}\n${usage()}`);
    process.exitCode = asked === '' ? 0 : EXIT_USAGE;
    return;
  }
  const traffic = findTraffic(asked.assumed);
  const totals = runYear(asked.assumed, traffic);
  const figures = yearFigures(totals, asked.assumed);
  const cabinets = totals.cabinets.map(({ name, adaptiveMws, fullMws }) => ({
    name,
    adaptiveKwh: toKwh(adaptiveMws),
    noDimmingKwh: toKwh(fullMws),
  }));
  if (asked.json) console.log(JSON.stringify({ assumed: asked.assumed, traffic: traffic.source, figures, cabinets }));
  else for (const line of describeYear(asked.assumed, traffic, totals)) console.log(line);
  if ((figures['secondsBelowClass'] ?? 0) > 0 || (figures['litByDayLampS'] ?? 0) > 0) process.exitCode = EXIT_BROKEN;
}

/**
 * `npm run bench -- NAME [--json] [--seconds N | --minutes N]`: measures one thing and prints
 * `{bench, machine, date, figures}`. Rates are per second, times in milliseconds, sizes in MB.
 */

import { cpus, release, totalmem, type } from 'node:os';
import { parseArgs } from 'node:util';
import type { BenchFigures } from './bench.ts';
import { BENCHES } from './benches.ts';

const SECONDS_DEFAULT = 10;
/** What a bench is for that needs longer. */
const SECONDS_OF: Readonly<Record<string, number>> = { 'cluster-recovery': 1_800, soak: 1_800, connections: 60 };
const SECONDS_MAX = 3_600;
const EXIT_USAGE = 2;

type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly os: string;
};
type BenchReport = { readonly bench: string; readonly machine: Machine; readonly date: string; readonly figures: BenchFigures };

function describeMachine(): Machine {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    os: `${type()} ${release()} ${process.arch}`,
  };
}

function printTable({ bench, machine, date, figures }: BenchReport): void {
  console.log(`bench    ${bench}`);
  console.log(`machine  ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Node ${machine.node}, ${machine.os}`);
  console.log(`date     ${date}`);
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(width)}  ${formatFigure(value)}`);
}

function formatFigure(value: number): string {
  const digits = Math.abs(value) >= 1_000 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits }).replaceAll(',', ' ');
}

function refuseUsage(sentence: string): never {
  console.error(sentence);
  console.error('Usage: npm run bench -- NAME [--json] [--seconds N | --minutes N]');
  console.error(`Benches: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(EXIT_USAGE);
}

function readArguments(): { name: string; json: boolean; seconds: number } {
  const options = { json: { type: 'boolean' }, seconds: { type: 'string' }, minutes: { type: 'string' } } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return refuseUsage(error instanceof Error ? error.message : String(error));
  }
  const [name, ...rest] = parsed.positionals;
  if (name === undefined) return refuseUsage('Name the bench to run.');
  if (!Object.hasOwn(BENCHES, name)) return refuseUsage(`Unknown bench: ${name}`);
  if (rest.length > 0) return refuseUsage(`One bench at a time; what is ${rest.join(' ')}?`);
  const { seconds: given, minutes } = parsed.values;
  const seconds = minutes === undefined ? Number(given ?? SECONDS_OF[name] ?? SECONDS_DEFAULT) : 60 * Number(minutes);
  if (!(seconds > 0 && seconds <= SECONDS_MAX)) return refuseUsage(`--seconds must be a number above 0, at most ${SECONDS_MAX}.`);
  return { name, json: parsed.values.json === true, seconds };
}

const { name, json, seconds } = readArguments();
const bench = await BENCHES[name]?.();
if (bench === undefined) throw new Error(`no bench ${name}`);
const figures = await bench({ seconds, say: (text) => console.error(text) });
const report: BenchReport = { bench: name, machine: describeMachine(), date: new Date().toISOString(), figures };
if (json) console.log(JSON.stringify(report));
else printTable(report);

/**
 * `oppidum state diff A B [--json]`: the first record in which the states of two data folders differ, at the newest height both have.
 * Ends with 0 when they are the same, with 1 when they differ.
 */

import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { parseKey, parseState, type Segment } from '@oppidum/formats/state-layout';
import { kindNamed } from '@oppidum/formats/state-registry';
import { compareStates, type StateComparison } from './compare-states.ts';
import { runEntry } from './run-entry.ts';

const USAGE = 'oppidum state diff FOLDER_A FOLDER_B [--json]';
const EXIT_DIFFERENT = 1;

type Options = { readonly folders: readonly [string, string]; readonly json: boolean };

function readOptions(): Options | string {
  const { positionals, values } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
  const [a, b, ...rest] = positionals;
  if (a === undefined || b === undefined || rest.length > 0) return 'Two data folders are needed';
  return { folders: [a, b], json: values.json === true };
}

async function compare({ folders, json }: Options): Promise<void> {
  const comparison = await compareStates(nativeCrypto, ...folders);
  process.stdout.write(json ? `${JSON.stringify(describeAsJson(comparison))}\n` : describe(comparison));
  if (comparison.difference !== null) process.exitCode = EXIT_DIFFERENT;
}

function describe({ heights, height, areas, difference }: StateComparison): string {
  const where = `at block ${height} (the folders stand at ${heights.join(' and ')})`;
  if (difference === null) return `The same ${where}.\n`;
  const { area, kind, key, a, b } = difference;
  const lines = [
    `Different ${where}.`,
    ...areas.map(({ name, isSame, a: rootA, b: rootB }) =>
      isSame ? `  ${name}: the same, ${toHex(rootA)}` : `  ${name}: ${toHex(rootA)} and ${toHex(rootB)}`,
    ),
    'The first key that differs:',
    `  ${area} / ${kind ?? 'unknown kind'} / ${describeKey(kind, key)}`,
    `  A: ${describeValue(kind, a)}`,
    `  B: ${describeValue(kind, b)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function describeAsJson({ heights, height, areas: compared, difference }: StateComparison) {
  const areas = compared.map(({ name, a, b }) => ({ name, a: toHex(a), b: toHex(b) }));
  if (difference === null) return { heights, height, areas, difference: null };
  const { area, kind, key, a, b } = difference;
  const [hexA, hexB] = [a, b].map((value) => (value === null ? null : toHex(value)));
  return {
    heights,
    height,
    areas,
    difference: { area, kind, key: toHex(key), segments: describeKey(kind, key), a: hexA, b: hexB },
  };
}

function describeKey(kind: string | null, key: Bytes): string {
  if (kind === null) return toHex(key);
  const segments = parseKey(kindNamed(kind), key) as readonly Segment[];
  return segments.map((segment) => (typeof segment === 'number' ? String(segment) : toHex(segment))).join(' ');
}

function describeValue(kind: string | null, value: Bytes | null): string {
  if (value === null) return 'absent';
  try {
    if (kind === null) return toHex(value);
    const definition = kindNamed(kind);
    return JSON.stringify(definition.value.toJson(parseState(definition, value)));
  } catch (error) {
    // What stands there may be the very damage that is looked for.
    if (error instanceof FormatError) return `${toHex(value)} (${error.code})`;
    throw error;
  }
}

await runEntry({ usage: USAGE, readOptions, run: compare });

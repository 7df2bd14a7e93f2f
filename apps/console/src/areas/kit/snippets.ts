/** Programs of a device, with the address, the keys and the words of this city and this device in them. They run as they stand. */

import { quoteWord } from '../maker/command-line.ts';

export const LANGUAGES = ['node', 'mqtt', 'python', 'shell', 'browser'] as const;
export type SnippetLanguage = (typeof LANGUAGES)[number];

/** What a program is filled in with: words that `isPlain` has checked, and what the city says of itself. */
export type Filling = {
  /** Address of the city's API. */
  readonly api: string;
  /** Address of MQTT in the clear, or null where it is closed. */
  readonly mqtt: string | null;
  /** Name of the device, its folder and its files. */
  readonly label: string;
  readonly sensor: string;
  readonly unit: string;
  readonly value: number;
  /** Proven receipt keys, a line `SHARD KEY` in hex for each shard. */
  readonly receiptKeys: readonly string[];
  /** True where the key was made by the page and lies in a file. */
  readonly hasKeyFile: boolean;
};

/** A program to save, where there is one, and what to run. */
export type Snippet = { readonly file: string | null; readonly program: string; readonly run: string };

/** Error that the program states for the clock of its machine, in milliseconds. */
const CLOCK_ERROR_MS = 1_000;

/** True for a word that means the same in TypeScript, in a shell and as a file name. */
export function isPlain(word: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(word);
}

/** True for a unit of the SenML registry (RFC 8428 §12.1), by its characters. */
export function isUnit(word: string): boolean {
  return /^[A-Za-z0-9%/]{1,20}$/.test(word);
}

/** The program in a language; null where the city has no such door. */
export function snippetOf(language: Exclude<SnippetLanguage, 'browser'>, filling: Filling): Snippet | null {
  switch (language) {
    case 'node':
      return nodeProgram(filling, null);
    case 'mqtt':
      return filling.mqtt === null ? null : nodeProgram(filling, filling.mqtt);
    case 'python':
      return pythonProgram(filling);
    case 'shell':
      return shellProgram(filling);
  }
}

/** The folder of the device with the policy in it, and the key where it is a file. */
function folderLines({ api, label, hasKeyFile }: Filling): readonly string[] {
  return [
    `mkdir -p ${label}`,
    ...(hasKeyFile ? [`mv key.seed ${label}/ && chmod 600 ${label}/key.seed`] : []),
    `curl -fsS ${quoteWord(`${api}/city.policy`)} -o ${label}/city.policy`,
  ];
}

function nodeProgram(filling: Filling, mqtt: string | null): Snippet {
  const { api, label, sensor, unit, value } = filling;
  const file = `${label}.ts`;
  const program = [
    "import { openDevice } from '@oppidum/device/open-device';",
    "import { systemTime } from '@oppidum/device/system-time';",
    '',
    'const device = await openDevice({',
    `  folder: '${label}', // its key, its outbox: never in two places, never from a backup`,
    `  policy: '${label}/city.policy', // whom to trust`,
    `  api: '${api}',`,
    ...(mqtt === null ? [] : [`  mqttUrl: '${mqtt}',`]),
    `  time: [systemTime(${CLOCK_ERROR_MS})], // this machine's clock, believed to a second`,
    "  onSettled: ({ digest, code }) => console.log(digest, code ?? 'kept'),",
    '  onTrouble: ({ code }) => console.error(code),',
    '});',
    "console.log('device', device.id);",
    `await device.measure([{ sensor: '${sensor}', unit: '${unit}', value: ${value} }]);`,
    '',
  ];
  return { file, program: program.join('\n'), run: [...folderLines(filling), `node_modules/.bin/node ${file}`].join('\n') };
}

function pythonProgram(filling: Filling): Snippet {
  const { api, label, receiptKeys } = filling;
  const run = [
    ...folderLines(filling),
    `curl -fsS ${quoteWord(`${api}/docs/device.py`)} -o device.py`,
    `printf '%s\\n' ${receiptKeys.map((line) => `'${line}'`).join(' ')} > ${label}/receipt.keys`,
    `python3 device.py ${measured(filling, filling.value)}`,
  ];
  return { file: null, program: '', run: run.join('\n') };
}

function shellProgram(filling: Filling): Snippet {
  const run = [
    ...folderLines(filling),
    `curl -fsS ${quoteWord(`${filling.api}/docs/device.sh`)} -o device.sh`,
    `bash device.sh ${measured(filling, Math.round(filling.value))}`,
  ];
  return { file: null, program: '', run: run.join('\n') };
}

function measured({ api, label, sensor, unit }: Filling, value: number): string {
  return `${quoteWord(api)} ${label} ${sensor} ${unit} ${value} ${CLOCK_ERROR_MS}`;
}

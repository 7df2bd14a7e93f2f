/**
 * `fsck-main.ts --data DIR`: derives everything in a data folder again, from blocks and vaults, by a path that shares nothing with what
 * writes it, and tells what differs: one JSON line an event (`FsckEvent`) on standard output. `oppidum fsck` shows them to people.
 * Writes nothing but a scratch database in the system's folder for temporary files. Ends with 3 when something is damaged.
 *
 * The folder must not be in use: tiles and databases of a running city are never of one moment. A copy of one will do.
 *
 * `fsck-main.ts --probe DIR --tables node|vault` reads an environment once and says in one line why it cannot. It runs in a process of
 * its own, since a damaged page may end the process that reads it.
 */

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { lockWholeFolder } from '@oppidum/node/folder-lock';
import { runEntry } from '@oppidum/node/run-entry';
import { checkCity } from './fsck/check-city.ts';
import { NODE_TABLES, VAULT_TABLES, walkEnvironment } from './fsck/environment.ts';
import { Findings } from './fsck/findings.ts';

const USAGE = 'fsck-main.ts --data DIR';
const EXIT_FAILED = 1;
const EXIT_DAMAGED = 3;

const TABLES = { node: NODE_TABLES, vault: VAULT_TABLES } as const;

type Options = { readonly data: string } | { readonly probe: string; readonly tables: keyof typeof TABLES };

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const { data, probe, tables } = parseArgs({ options: { data: text, probe: text, tables: text } }).values;
  if (data !== undefined) return { data };
  if (probe !== undefined && (tables === 'node' || tables === 'vault')) return { probe, tables };
  return '--data is needed';
}

async function run(options: Options): Promise<void> {
  if ('data' in options) await check(options.data);
  else await walkAndSay(options.probe, options.tables);
}

async function check(folder: string): Promise<void> {
  const findings = new Findings((event) => process.stdout.write(`${JSON.stringify(event)}\n`));
  const lock = isWritable(folder) ? lockWholeFolder(folder) : null;
  try {
    const probe = (path: string, tables: keyof typeof TABLES): Promise<string | null> => probeApart(join(folder, path), tables);
    await checkCity({ folder, crypto: nativeCrypto, findings, probe });
  } finally {
    lock?.release();
  }
  const { damaged } = findings.summarize();
  if (damaged > 0) process.exitCode = EXIT_DAMAGED;
}

/** Where nothing can be written nobody can start a city either. */
function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function walkAndSay(folder: string, tables: keyof typeof TABLES): Promise<void> {
  try {
    await walkEnvironment(folder, TABLES[tables]);
  } catch (error) {
    process.stdout.write(`${(error as Error).message}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

function probeApart(folder: string, tables: keyof typeof TABLES): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const args = ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), '--probe', folder, '--tables', tables];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      said += part;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(null);
      else resolve(said.trim() === '' ? `reading it ends the process with ${signal ?? `code ${code}`}` : said.trim());
    });
  });
}

await runEntry({ usage: USAGE, readOptions, run });

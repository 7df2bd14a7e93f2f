/**
 * `oppidum retention show|set`: `retention-main.ts show --data DIR [--days N]`, `set --data DIR --days N|forever`. One line of JSON on
 * standard output: the setting, and of each shard what is kept and what is due; with --days as if that were set. Only `set` writes.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { identifyDataFolder } from '@oppidum/node/data-folder';
import { runEntry } from '@oppidum/node/run-entry';
import { cutoffOf, type Retention, readRetention, writeRetention } from './retention.ts';
import { countDue } from './retention-view.ts';

const USAGE = 'retention-main.ts show --data DIR [--days N]; set --data DIR --days N|forever';

type Options = { readonly verb: 'show' | 'set'; readonly data: string; readonly days: number | null | undefined };

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const { positionals, values } = parseArgs({ options: { data: text, days: text }, allowPositionals: true });
  const [verb] = positionals;
  if (verb !== 'show' && verb !== 'set') return 'show or set';
  if (values.data === undefined) return '--data is needed';
  const days = values.days === undefined ? undefined : values.days === 'forever' ? null : Number(values.days);
  if (verb === 'set' && days === undefined) return '--days is needed';
  return { verb, data: values.data, days };
}

async function run({ verb, data, days }: Options): Promise<void> {
  identifyDataFolder({ folder: data, crypto: nativeCrypto });
  if (verb === 'set') await writeRetention(data, { rawDays: days as number | null });
  const set = readRetention(data);
  const retention: Retention = days === undefined ? set : { rawDays: days };
  const cutoffMs = cutoffOf(retention, Date.now());
  const folder = join(data, 'shards');
  const numbers = existsSync(folder) ? readdirSync(folder).filter((name) => /^(0|[1-9][0-9]{0,3})$/.test(name)) : [];
  const shards: object[] = [];
  for (const number of numbers.map(Number).sort((a, b) => a - b)) {
    const vault = join(folder, String(number), 'vault');
    if (existsSync(join(vault, 'data.mdb'))) shards.push({ number, ...(await countDue(vault, cutoffMs)) });
  }
  process.stdout.write(`${JSON.stringify({ ...set, ...(days === undefined ? {} : { asIfDays: days }), shards })}\n`);
}

await runEntry({ usage: USAGE, readOptions, run });

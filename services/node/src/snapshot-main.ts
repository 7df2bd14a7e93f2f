/**
 * `oppidum node snapshot --data DIR --out DIR`: writes the state of a city that does not run, under its published checkpoint.
 * `oppidum node restore --from DIR --data DIR --policy FILE`: makes a data folder from such a snapshot, proven under the policy file.
 * The first argument says which: `snapshot` or `restore`.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { generateSeed } from '@oppidum/crypto/signer';
import { toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { openDataFolder } from './data-folder.ts';
import { runEntry } from './run-entry.ts';
import { restoreSnapshot, writeSnapshot } from './snapshot-folder.ts';

const USAGE = ['oppidum node snapshot --data DIR --out DIR', 'oppidum node restore --from DIR --data DIR --policy FILE'].join(
  '\n',
);

type Options =
  | { readonly verb: 'snapshot'; readonly data: string; readonly out: string }
  | { readonly verb: 'restore'; readonly data: string; readonly from: string; readonly policy: string };

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const options = { data: text, out: text, from: text, policy: text };
  const { positionals, values } = parseArgs({ options, allowPositionals: true });
  const { data, out, from, policy } = values;
  const [verb] = positionals;
  if (verb === 'snapshot' && data !== undefined && out !== undefined) return { verb, data, out };
  if (verb === 'restore' && data !== undefined && from !== undefined && policy !== undefined) return { verb, data, from, policy };
  return 'Options are missing';
}

async function run(options: Options): Promise<void> {
  if (options.verb === 'snapshot') await snapshot(options.data, options.out);
  else await restore(options.from, options.data, options.policy);
}

async function snapshot(data: string, out: string): Promise<void> {
  const folder = await openDataFolder({ folder: data, crypto: nativeCrypto });
  try {
    const manifest = await writeSnapshot({ folder, crypto: nativeCrypto, out });
    const { size, root } = parseCheckpointNote(manifest.checkpoint).checkpoint;
    process.stdout.write(`${manifest.chunks.length} chunks under the checkpoint of size ${size}, app hash ${toHex(root)}\n`);
  } finally {
    folder.release();
  }
}

async function restore(from: string, data: string, policyFile: string): Promise<void> {
  const folder = await restoreSnapshot({
    from,
    folder: data,
    crypto: nativeCrypto,
    registry: cityRegistry,
    policy: new Uint8Array(readFileSync(policyFile)),
    // One source for all: a seed is 32 random bytes.
    randomBytes: (size) => generateSeed().slice(0, size),
  });
  folder.release();
  process.stdout.write(`restored the city ${toHex(folder.genesisHash)}\n`);
  process.stdout.write('Its validator keys are new: checkpoints are published once a policy names them.\n');
}

await runEntry({ usage: USAGE, readOptions, run });

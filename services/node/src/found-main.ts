/**
 * `found-main.ts --data DIR [--name NAME]`: founds a city in an empty or missing folder and ends. Prints the genesis hash.
 * `oppidum init` and the first `oppidum start` run it, so that whoever stays running has loaded nothing of this.
 */

import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { foundCity } from './found-city.ts';
import { runEntry } from './run-entry.ts';

const USAGE = 'found-main.ts --data DIR [--name NAME]';
const NAME_DEFAULT = 'demo.oppidum.example';

type Options = { readonly data: string; readonly name: string };

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const strings = { data: { type: 'string' }, name: { type: 'string' } } as const;
  const { data, name = NAME_DEFAULT } = parseArgs({ options: strings }).values;
  return data === undefined ? '--data is needed' : { data, name };
}

async function found(options: Options): Promise<void> {
  const folder = await foundCity({
    folder: options.data,
    crypto: nativeCrypto,
    name: options.name,
    nowMs: Date.now(),
    randomBytes: (size) => new Uint8Array(randomBytes(size)),
  });
  folder.release();
  process.stdout.write(`${toHex(folder.genesisHash)}\n`);
}

await runEntry({ usage: USAGE, readOptions, run: found });

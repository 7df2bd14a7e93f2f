/**
 * `oppidum validator keys|destroy-keys`: the keys of one validator, on its machine. Answers JSON on standard output.
 *
 *   show --data DIR                    the public keys that the folder has
 *   new --data DIR                     makes the next key of each use
 *   destroy --data DIR --retired HEX,… destroys those of them that are in the folder
 */

import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { ID_SIZE } from '@oppidum/formats/ids';
import { identifyDataFolder } from './data-folder.ts';
import { runEntry } from './run-entry.ts';
import { destroyKeys, localKeys, makeNextKeys, presentKeys } from './validator-keys.ts';

const USAGE = 'oppidum validator keys [--new] --data DIR';

type Options = { readonly verb: 'show' | 'new' | 'destroy'; readonly data: string; readonly retired: readonly Bytes[] };

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({ options: { data: text, retired: text }, allowPositionals: true });
  const { data, retired = '' } = values;
  const [verb] = positionals;
  if (data === undefined) return '--data is needed';
  if (verb !== 'show' && verb !== 'new' && verb !== 'destroy') return 'show, new or destroy';
  return { verb, data, retired: retired === '' ? [] : retired.split(',').map((hex) => parseHex(hex, ID_SIZE)) };
}

async function run({ verb, data, retired }: Options): Promise<void> {
  const { paths, genesisHash } = identifyDataFolder({ folder: data, crypto: nativeCrypto });
  const answer = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  if (verb === 'destroy') {
    const destroyed = await destroyKeys(paths, nativeCrypto, retired);
    answer({ destroyed: destroyed.map(({ use, publicKey, file }) => ({ use, publicKey: toHex(publicKey), file })) });
    return;
  }
  const keys = verb === 'new' ? await makeNextKeys(paths) : presentKeys(paths);
  answer({
    city: toHex(genesisHash),
    logKey: toHex(keys.log),
    cosignerKey: toHex(keys.cosigner),
    consensusKey: toHex(keys.consensus),
    all: localKeys(paths).map(({ use, publicKey, file }) => ({ use, publicKey: toHex(publicKey), file })),
  });
}

await runEntry({ usage: USAGE, readOptions, run });

/**
 * `oppidum node validate --data DIR`: one validator of a city, without doors: the node, and CometBFT beside it. `oppidum cluster start`
 * runs one for each validator but the first.
 */

import { parseArgs } from 'node:util';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { folderEngine } from './comet-process.ts';
import { openDataFolder } from './data-folder.ts';
import { type OpenCity, openCity } from './open-city.ts';
import { runEntry } from './run-entry.ts';

const USAGE = 'oppidum node validate --data DIR';
const EXIT_FAILED = 1;

type Options = { readonly data: string };

function readOptions(): Options | string {
  const { data } = parseArgs({ options: { data: { type: 'string' } }, allowPositionals: true }).values;
  return data === undefined ? '--data is needed' : { data };
}

async function validate({ data }: Options): Promise<void> {
  const folder = await openDataFolder({ folder: data, crypto: nativeCrypto });
  const onLine = (line: string): void => void process.stderr.write(`${data} cometbft: ${line}\n`);
  const startEngine = folderEngine({ folder, crypto: nativeCrypto, onLine });
  if (startEngine === undefined) throw formatError('DATA_FOLDER_FOREIGN', { folder: data, want: 'a validator of a cluster' });
  // A node whose engine failed has nothing left to do; whoever started it starts it again.
  const onFailure = (error: Error): void => {
    process.stderr.write(`${error instanceof FormatError ? error.message : (error.stack ?? error.message)}\n`);
    process.exit(EXIT_FAILED);
  };
  const opening = openCity({ folder, crypto: nativeCrypto, registry: cityRegistry, startEngine, onFailure });
  const stop = async (city: OpenCity): Promise<void> => {
    await city.close();
    folder.release();
    process.exit();
  };
  // Also before it is open: it waits for the others as long as it takes.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void opening.then(stop));
  await opening;
  process.send?.({ ready: true });
}

await runEntry({ usage: USAGE, readOptions, run: validate });

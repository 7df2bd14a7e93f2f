/**
 * One validator of a city, without doors: the node, and CometBFT beside it. `oppidum cluster start` runs one for each validator but
 * those with doors.
 *
 *   node services/node/src/validator-main.ts --data DIR [--log-level L] [--halt-height N]
 *
 * Ready: a message {ready: true} to a parent with IPC. What CometBFT says: lines `cometbft: LEVEL TEXT` on stderr.
 */

import { parseArgs } from 'node:util';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { FormatError, formatError } from '@oppidum/formats/errors';
import type { CometLine } from './comet-log.ts';
import { folderEngine } from './comet-process.ts';
import { openDataFolder } from './data-folder.ts';
import { type OpenCity, openCity } from './open-city.ts';
import { runEntry } from './run-entry.ts';

const USAGE = 'validator-main.ts --data DIR [--log-level L] [--halt-height N]';
const EXIT_FAILED = 1;
/** In the order of how much they say; pino's names. */
const LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'];
/** Asked to stop before it is open, which may take for ever, it ends as if killed: that loses nothing. */
const STOP_MS = 5_000;

type Options = { readonly data: string; readonly level: string; readonly haltHeight: number };

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const options = { data: text, 'log-level': text, 'halt-height': text };
  const { data, 'log-level': level = 'warn', 'halt-height': last } = parseArgs({ options }).values;
  const haltHeight = last === undefined ? Number.POSITIVE_INFINITY : Number(last);
  if (data === undefined) return '--data is needed';
  if (last !== undefined && (!Number.isSafeInteger(haltHeight) || haltHeight < 1))
    return '--halt-height is the height of a block';
  return LEVELS.includes(level) ? { data, level, haltHeight } : `--log-level is one of ${LEVELS.join(', ')}`;
}

async function validate({ data, level, haltHeight }: Options): Promise<void> {
  const folder = await openDataFolder({ folder: data, crypto: nativeCrypto });
  const onLine = (line: CometLine): void => {
    if (LEVELS.indexOf(line.level) <= LEVELS.indexOf(level)) process.stderr.write(`cometbft: ${line.level} ${line.text}\n`);
  };
  const startEngine = folderEngine({ folder, crypto: nativeCrypto, onLine, logLevel: level });
  if (startEngine === undefined) throw formatError('DATA_FOLDER_FOREIGN', { folder: data, want: 'a validator of a cluster' });
  // A node whose engine failed has nothing left to do; whoever started it starts it again.
  const onFailure = (error: Error): void => {
    process.stderr.write(`${error instanceof FormatError ? error.message : (error.stack ?? error.message)}\n`);
    process.exit(error instanceof FormatError ? ERRORS[error.code].exitCode : EXIT_FAILED);
  };
  const onSnapshotNews = (sentence: string): void => void process.stderr.write(`${data} snapshots: ${sentence}\n`);
  const onSuccessorNews = (sentence: string): void => void process.stderr.write(`${data} policies: ${sentence}\n`);
  const told = { onFailure, onSnapshotNews, onSuccessorNews, haltHeight };
  const opening = openCity({ folder, crypto: nativeCrypto, registry: cityRegistry, startEngine, ...told });
  const stop = async (city: OpenCity): Promise<void> => {
    await city.close();
    folder.release();
    process.exit();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      setTimeout(() => process.exit(EXIT_FAILED), STOP_MS).unref();
      void opening.then(stop);
    });
  await opening;
  process.send?.({ ready: true });
}

await runEntry({ usage: USAGE, readOptions, run: validate });

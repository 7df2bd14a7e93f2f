/**
 * A telemetry shard as a process of its own: it follows the node over the socket in the data folder, and the doors of the city reach it
 * over its own one. Node and doors may come and go; while the node is silent, nothing is acknowledged.
 *
 *   node services/telemetry/src/telemetry-main.ts --data DIR --shard N [--log-level L]
 *
 * Ready: one line of JSON on stdout, {"ready":true,"shard":N}, also as a message to a parent with IPC. Logs: stderr.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { cityOrigin } from '@oppidum/formats/ids';
import { identifyDataFolder } from '@oppidum/node/data-folder';
import { lockFolder } from '@oppidum/node/folder-lock';
import { makeSecretFolder } from '@oppidum/node/key-files';
import { NODE_SOCKET } from '@oppidum/node/node-wire';
import { connectNode } from '@oppidum/node/remote-node';
import type { Logger } from 'pino';
import { openFolderShard } from './folder-shard.ts';
import { makeLogger } from './logging.ts';
import { openShardDoor, shardSocket } from './shard-door.ts';
import { SHARD_KINDS } from './shard-kinds.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** A clean stop takes a second or two; after this the process ends as if killed, which loses nothing that was acknowledged. */
const STOP_TIMEOUT_MS = 20_000;
const SHARD_NUMBER_FORM = /^(0|[1-9][0-9]{0,3})$/;

type Options = { readonly data: string; readonly shard: number; readonly logLevel: string };

function readOptions(): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { data: text, shard: text, 'log-level': text } });
  const { data, shard = '', 'log-level': logLevel = 'info' } = values;
  if (data === undefined || !SHARD_NUMBER_FORM.test(shard)) throw new Error('--data and --shard are missing');
  return { data, shard: Number(shard), logLevel };
}

async function start({ data, shard: number }: Options, logger: Logger, stop: AbortSignal): Promise<() => Promise<void>> {
  const { paths, genesis, genesisHash } = identifyDataFolder({ folder: data, crypto: nativeCrypto });
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closeNext of closers.splice(0).reverse()) await closeNext();
  };
  try {
    await makeSecretFolder(paths.shard(number));
    closers.push(lockFolder(paths.shard(number)).release);
    const node = await connectNode(
      {
        path: join(data, NODE_SOCKET),
        genesisHash,
        origin: cityOrigin(genesis.name, genesisHash),
        kinds: SHARD_KINDS,
        onChange: (state, fault) => {
          if (fault === null) logger.info({ node: state }, 'the node');
          else logger.error({ node: state, reason: fault.message }, 'the node');
        },
      },
      stop,
    );
    closers.push(node.close);
    const onFailure = (error: Error): void => fail(logger, error);
    const shard = await openFolderShard({ paths, node: node.client, crypto: nativeCrypto, number, logger, onFailure });
    closers.push(shard.close);
    const door = await openShardDoor({
      shard,
      genesisHash,
      path: join(data, shardSocket(number)),
      onFault: (error) => logger.error({ error: { message: error.message, stack: error.stack } }, 'a call of the doors failed'),
    });
    closers.push(door.close);
    if (door.reason !== null) throw formatError('SOCKET_REFUSED', { socket: shardSocket(number), reason: door.reason });
    return close;
  } catch (error) {
    await close();
    throw error;
  }
}

function fail(logger: Logger, error: Error): never {
  logger.fatal({ error: { message: error.message, stack: error.stack } }, 'the shard stopped: this must not happen');
  process.exit(EXIT_FAILED);
}

async function main(options: Options): Promise<void> {
  const { shard, logLevel } = options;
  const logger = makeLogger(logLevel, { base: { shard } });
  process.on('uncaughtException', (error) => fail(logger, error));
  process.on('unhandledRejection', (reason) => fail(logger, reason instanceof Error ? reason : new Error(String(reason))));
  const asked = new AbortController();
  const askedTo = new Promise<void>((resolve) => asked.signal.addEventListener('abort', () => resolve(), { once: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => asked.abort());
  // A parent that is gone wants nothing more.
  process.on('disconnect', () => asked.abort());

  const close = await start(options, logger, asked.signal).catch((error: Error) => {
    // Told to stop while it waited for the node.
    if (asked.signal.aborted) return null;
    throw error;
  });
  if (close === null) return;
  const ready = { ready: true, shard };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  process.send?.(ready);
  await askedTo;
  setTimeout(() => process.exit(EXIT_FAILED), STOP_TIMEOUT_MS).unref();
  await close();
  logger.info('stopped');
}

/** One sentence on stderr and the exit code of the catalogue. */
function explain(error: Error): number {
  process.stderr.write(`${error.message}\n`);
  return error instanceof FormatError ? ERRORS[error.code].exitCode : EXIT_FAILED;
}

try {
  const options = readOptions();
  main(options).then(
    () => process.exit(0),
    (error: Error) => process.exit(explain(error)),
  );
} catch (error) {
  explain(error as Error);
  process.exit(EXIT_USAGE);
}

/**
 * The process of a city with embedded defaults: node, telemetry shard 0 and the doors, put together here and nowhere else.
 *
 *   node services/gateway/src/main.ts [--data DIR] [--found NAME] [--host H] [--port N] [--mqtt-port N] [--mqtts-port N] [--config FILE] [--log-level L]
 *
 * Ready: one line of JSON on stdout, {"ready":true,"http":…,"mqtt":…,"mqtts":…,"founded":…}, also as a message to a parent with IPC. Logs: stderr.
 */

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { FormatError } from '@oppidum/formats/errors';
import type { NodeClient } from '@oppidum/node/client';
import type { CometLine } from '@oppidum/node/comet-log';
import { folderEngine } from '@oppidum/node/comet-process';
import { type DataFolder, openDataFolder } from '@oppidum/node/data-folder';
import { foundCity } from '@oppidum/node/found-city';
import { openNodeDoor } from '@oppidum/node/node-door';
import { NODE_SOCKET } from '@oppidum/node/node-wire';
import { openCity } from '@oppidum/node/open-city';
import type { TelemetryClient } from '@oppidum/telemetry/client';
import { folderSigners } from '@oppidum/telemetry/folder-shard';
import { makeLogger } from '@oppidum/telemetry/logging';
import type { Logger } from 'pino';
import { openAdminDoor } from './admin-door.ts';
import { ADMIN_SOCKET } from './api-types.ts';
import { clearAttacks } from './attack-desk.ts';
import { readBrokerLogin } from './broker-login.ts';
import { readConfig, type StartOptions } from './config.ts';
import { diskFull, freeBytesOf } from './disk-full.ts';
import { openFirstShard } from './first-shard.ts';
import { type Gateway, startGateway } from './server.ts';
import { ShardProcesses } from './shard-processes.ts';
import { clearDesk } from './tamper-desk.ts';

const STOPS: ReadonlySet<string> = new Set(['UPGRADE_NEEDED', 'HALT_HEIGHT', 'STATE_DIVERGED']);
const EXIT_FAILED = 1;
/** Key and certificate of the MQTT door, beside the other keys. */
const MQTT_TLS_FILE = 'mqtt-tls.pem';
/** A clean stop takes a second or two; after this the process ends as if killed, which loses nothing that was acknowledged. */
const STOP_TIMEOUT_MS = 20_000;
/** Asked to stop before its doors are open, which with several validators may wait for the others, it ends so as well. */
const UNOPENED_STOP_MS = 5_000;

/** A started city: stops in the order doors, telemetry, node, folder. */
type Running = Pick<Gateway, 'http' | 'mqtt' | 'mqtts' | 'close'> & { readonly founded: boolean };

async function start(options: StartOptions, logger: Logger, fail: (error: Error) => void): Promise<Running> {
  const { config } = options;
  const login = readBrokerLogin(config.mqttLogin, process.env);
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closeNext of closers.splice(0).reverse()) await closeNext();
  };
  try {
    const { folder, founded } = await openFolder(config.data, options.found);
    closers.push(folder.release);
    const onWitnessRefusal = (refusal: { readonly code: string }): void =>
      logger.warn({ code: refusal.code }, 'a witness refused');
    const onLine = ({ level, text }: CometLine): void => logger[level]({ engine: text }, 'CometBFT');
    const startEngine = folderEngine({ folder, crypto: nativeCrypto, onLine, logLevel: config.logLevel });
    const city = await openCity({
      folder,
      crypto: nativeCrypto,
      registry: cityRegistry,
      onFailure: fail,
      onWitnessRefusal,
      onSnapshotNews: (sentence) => logger.warn({ snapshot: sentence }, 'state sync'),
      onSuccessorNews: (sentence) => logger.warn({ policy: sentence }, 'changes of policy'),
      ...(config.haltHeight === undefined ? {} : { haltHeight: config.haltHeight }),
      ...(startEngine === undefined ? {} : { startEngine }),
    });
    closers.push(city.close);
    await clearDesks(options);
    const { shards, clients, processes } = await openShards({ folder, node: city.client, config, logger, fail, closers });
    const gateway = await startGateway({
      crypto: nativeCrypto,
      registry: cityRegistry,
      node: city.client,
      name: folder.genesis.name,
      genesisFile: new Uint8Array(readFileSync(folder.paths.genesis)),
      logFolder: city.logFolder,
      policiesFolder: folder.paths.policies,
      folder: folder.paths.gateway,
      accessFolder: folder.paths.access,
      logger,
      ...config,
      mqttTls: { port: config.mqttsPort, file: join(folder.paths.keys, MQTT_TLS_FILE), cert: config.tlsCert, key: config.tlsKey },
      ...(config.mqttUrl === undefined ? {} : { broker: { url: config.mqttUrl, login } }),
      ...{ shards: clients, carrier: folderSigners(folder.paths).telemetry },
      reindex: options.reindex,
      ...desksOf(options),
    });
    closers.push(gateway.close);
    const declareShard = async (number: number): Promise<void> => {
      const declared = await processes.declare(number);
      if (declared === null) return;
      shards.push(declared);
      clients.push(declared.client);
      gateway.readModel.follow(declared.client);
    };
    const admin = await openAdminDoor({
      path: join(config.data, ADMIN_SOCKET),
      shards,
      declareShard,
      readModel: gateway.readModel,
      ...{ node: city.client, http: gateway.http },
      ...{ access: gateway.access, tamperDesk: gateway.tamperDesk },
      logger,
    });
    if (admin !== null) closers.push(admin.close);
    return { ...gateway, founded, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where there is no desk, what lies on it from before goes all the same. */
async function clearDesks({ config, tamperDesk, attackDesk }: StartOptions): Promise<void> {
  if (!tamperDesk) await clearDesk(config.data);
  if (attackDesk === null) await clearAttacks(config.data);
}

function desksOf({ config: { data }, tamperDesk, attackDesk: program }: StartOptions) {
  return { ...(tamperDesk ? { tamperData: data } : {}), ...(program === null ? {} : { attacks: { data, program } }) };
}

type ShardsOptions = {
  readonly folder: DataFolder;
  readonly node: NodeClient;
  readonly config: StartOptions['config'];
  readonly logger: Logger;
  readonly fail: (error: Error) => void;
  readonly closers: (() => Promise<void> | void)[];
};

/** Shard 0 here, the others in processes of their own; both lists grow when one is declared. */
async function openShards({ folder, node, config, logger, fail, closers }: ShardsOptions) {
  const onFault = (error: Error): void =>
    logger.error({ error: { message: error.message, stack: error.stack } }, 'a call of a shard in another process failed');
  const door = await openNodeDoor({ client: node, path: join(config.data, NODE_SOCKET), onFault });
  closers.push(door.close);
  if (door.reason !== null) logger.warn(`no shard in another process can follow: ${door.reason}`);
  const shard = await openFirstShard({ folder, node, crypto: nativeCrypto, logger, onFailure: fail });
  if (shard !== null) closers.push(shard.close);
  const processes = await ShardProcesses.open({
    folder,
    node,
    crypto: nativeCrypto,
    logger,
    logLevel: config.logLevel,
    count: config.shards,
    isStarting: config.startShards === 'yes',
  });
  closers.push(() => processes.close());
  const shards = [...(shard === null ? [] : [shard]), ...processes.shards];
  const clients: TelemetryClient[] = shards.map(({ client }) => client);
  return { shards, clients, processes };
}

/** The city of this folder; a new one where the folder holds nothing and a name was given. */
async function openFolder(
  path: string,
  name: string | null,
): Promise<{ readonly folder: DataFolder; readonly founded: boolean }> {
  if (name === null || !isEmpty(path))
    return { folder: await openDataFolder({ folder: path, crypto: nativeCrypto }), founded: false };
  const fresh = (size: number): Uint8Array => new Uint8Array(randomBytes(size));
  const folder = await foundCity({ folder: path, crypto: nativeCrypto, name, nowMs: Date.now(), randomBytes: fresh });
  return { folder, founded: true };
}

function isEmpty(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    // Not a folder, or not ours to read: opening it says which.
    return false;
  }
}

/** One sentence on stderr and the exit code of the catalogue. */
function reportFailure(thrown: Error): void {
  const error = diskFull(thrown, () => 0) ?? thrown;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof FormatError ? ERRORS[error.code].exitCode : EXIT_FAILED;
}

async function main(): Promise<void> {
  const options = readConfig(process.argv.slice(2), process.env);
  const logger = makeLogger(options.config.logLevel);
  const fail = (error: Error): never => {
    const full = diskFull(error, () => freeBytesOf(options.config.data));
    if (full !== null) {
      logger.fatal({ code: full.code }, full.message);
      process.exit(ERRORS[full.code].exitCode);
    }
    // Decided by the council, asked for, or by others against us: told by its code, and final for whoever started this.
    if (error instanceof FormatError && STOPS.has(error.code)) {
      logger.fatal({ code: error.code }, error.message);
      process.exit(ERRORS[error.code].exitCode);
    }
    logger.fatal({ error: { message: error.message, stack: error.stack } }, 'the city stopped: this must not happen');
    process.exit(EXIT_FAILED);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', (reason) => fail(reason instanceof Error ? reason : new Error(String(reason))));

  const stop = stopOnSignals(logger);
  const running = await start(options, logger, fail);
  stop.onStop(running.close);
  const ready = { ready: true, http: running.http, mqtt: running.mqtt, mqtts: running.mqtts, founded: running.founded };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  process.send?.(ready);
}

/** Signals that come before everything stands are obeyed as soon as it does. */
function stopOnSignals(logger: Logger): { readonly onStop: (close: () => Promise<void>) => void } {
  let close: (() => Promise<void>) | null = null;
  let [isAsked, isOpen] = [false, false];
  const stop = (): void => {
    if (close === null) return;
    const closeNow = close;
    close = null;
    setTimeout(() => process.exit(EXIT_FAILED), STOP_TIMEOUT_MS).unref();
    closeNow().then(
      () => {
        logger.info('stopped');
        process.exit(0);
      },
      (error: Error) => {
        logger.error({ error: { message: error.message, stack: error.stack } }, 'the stop was not clean');
        process.exit(EXIT_FAILED);
      },
    );
  };
  const ask = (): void => {
    isAsked = true;
    if (!isOpen) setTimeout(() => isOpen || process.exit(EXIT_FAILED), UNOPENED_STOP_MS).unref();
    stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
  // A parent that is gone wants nothing more.
  process.on('disconnect', ask);
  return {
    onStop: (closeAll) => {
      close = closeAll;
      isOpen = true;
      if (isAsked) stop();
    },
  };
}

main().catch((error: Error) => {
  reportFailure(error);
  process.exit();
});

/**
 * One validator of a cluster under test, in a process of its own: what `oppidum node validate` runs, and beside it a door for clients, a
 * clock that may be set and an application that may be told to misbehave. Tests alone start it; what they say comes by its parent's
 * channel.
 *
 *   node validator.ts DATA
 */

import { join } from 'node:path';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { FormatError } from '@oppidum/formats/errors';
import type { CometLine } from '@oppidum/node/comet-log';
import { folderEngine } from '@oppidum/node/comet-process';
import { openDataFolder } from '@oppidum/node/data-folder';
import { openNodeDoor } from '@oppidum/node/node-door';
import { openCity } from '@oppidum/node/open-city';
import { type Misbehaviour, misbehaving } from './misbehaviour.ts';

/** What its parent may say. */
export type Told = { readonly clockAheadMs: number } | { readonly misbehave: Misbehaviour | null };
/** What it says: that its door is open, and each time that it misbehaved. */
export type Says = 'ready' | { readonly done: Misbehaviour };

/** Where clients come in. */
export function doorOf(data: string): string {
  return join(data, 'door.sock');
}

async function validate(data: string): Promise<void> {
  let clockAheadMs = 0;
  const { set, wrap } = misbehaving((done) => process.send?.({ done } satisfies Says));
  process.on('message', (told: Told) => {
    if ('clockAheadMs' in told) clockAheadMs = told.clockAheadMs;
    else set(told.misbehave);
  });
  const fail = (error: Error): void => {
    process.stderr.write(
      `${error instanceof FormatError ? `${error.code}: ${error.message}` : (error.stack ?? error.message)}\n`,
    );
    process.exit(error instanceof FormatError ? ERRORS[error.code].exitCode : 1);
  };
  try {
    const folder = await openDataFolder({ folder: data, crypto });
    const onLine = ({ text }: CometLine): void => void process.stderr.write(`cometbft: ${text}\n`);
    const startEngine = folderEngine({ folder, crypto, onLine, wrap, logLevel: process.env['OPPIDUM_FAULT_LEVEL'] ?? 'warn' });
    if (startEngine === undefined) throw new Error('no home of CometBFT');
    const clock = (): number => Date.now() + clockAheadMs;
    const opening = openCity({ folder, crypto, registry: cityRegistry, startEngine, clock, onFailure: fail });
    process.once('SIGTERM', async () => {
      await (await opening).close();
      folder.release();
      process.exit();
    });
    const { client } = await opening;
    const { reason } = await openNodeDoor({ client, path: doorOf(data) });
    if (reason !== null) throw new Error(reason);
    process.send?.('ready' satisfies Says);
  } catch (error) {
    fail(error as Error);
  }
}

const [data] = process.argv.slice(2);
if (data !== undefined && process.send !== undefined) await validate(data);

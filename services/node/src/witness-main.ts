/**
 * `oppidum witness --policy FILE --data DIR --listen HOST:PORT [--name NAME]`: cosigns the heads of the logs that the policy names.
 * Prints its verifier key, which others put into their policies.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer, generateSeed } from '@oppidum/crypto/signer';
import { toHex } from '@oppidum/formats/bytes';
import { parsePolicy } from '@oppidum/formats/policy';
import { isKeyName } from '@oppidum/formats/text-rules';
import { lockFolder } from './folder-lock.ts';
import { makeSecretFolder } from './key-files.ts';
import { runEntry } from './run-entry.ts';
import { openWitnessSeed, Witness } from './witness.ts';
import { serveWitness, type WitnessServer } from './witness-server.ts';

const USAGE = 'oppidum witness --policy FILE --data DIR [--listen 127.0.0.1:7190] [--name NAME]';

type Options = {
  readonly policy: string;
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly name: string | null;
};

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const strings = {
    policy: { type: 'string' },
    data: { type: 'string' },
    listen: { type: 'string' },
    name: { type: 'string' },
  } as const;
  const { policy, data, listen = '127.0.0.1:7190', name = null } = parseArgs({ options: strings }).values;
  const [, host, port] = /^(.+):([0-9]{1,5})$/.exec(listen) ?? [];
  if (policy === undefined || data === undefined) return '--policy and --data are needed';
  if (host === undefined || Number(port) > 65_535) return '--listen is HOST:PORT';
  if (name !== null && !isKeyName(name)) return '--name has no spaces and no plus sign';
  return { policy, data, host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port), name };
}

async function serve(options: Options): Promise<void> {
  const server = await start(options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
}

async function start(options: Options): Promise<WitnessServer> {
  await makeSecretFolder(options.data);
  const lock = lockFolder(options.data);
  const policy = parsePolicy(nativeCrypto, new Uint8Array(readFileSync(options.policy)));
  const signer = ed25519Signer(await openWitnessSeed(options.data, generateSeed));
  // Without a name of its own the key names itself: the name is part of the key id and must not change by accident.
  const name = options.name ?? `oppidum-witness/${toHex(signer.publicKey).slice(0, 16)}`;
  const nowS = (): number => Math.floor(Date.now() / 1_000);
  const witness = Witness.open({ folder: options.data, policy, crypto: nativeCrypto, signer, name, nowS });
  const onFault = (error: Error): void => void process.stderr.write(`${error.message}\n`);
  const server = await serveWitness({ witness, host: options.host, port: options.port, onFault });
  process.stdout.write(`${witness.verifierKey}\nlistening on ${server.host}:${server.port}\n`);
  return {
    ...server,
    close: async () => {
      await server.close();
      lock.release();
    },
  };
}

await runEntry({ usage: USAGE, readOptions, run: serve });

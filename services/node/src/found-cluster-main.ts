/**
 * `oppidum cluster init --data DIR --validators N [--name NAME] [--p2p-port PORT]`: founds a city of N validators on this machine, in
 * DIR/validator-1 to DIR/validator-N. Prints the genesis hash.
 */

import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { makeFolder } from './durable-file.ts';
import { foundCluster } from './found-cluster.ts';
import { runEntry } from './run-entry.ts';

const USAGE = 'oppidum cluster init --data DIR [--validators 4] [--name NAME] [--p2p-port 26600]';
const NAME_DEFAULT = 'demo.oppidum.example';
/** As in notes-and-policy.md: fewer than four tolerate no fault, and a note carries sixteen signatures. */
const [VALIDATORS_MIN, VALIDATORS_MAX] = [4, 15];
const PORT_DEFAULT = '26600';

type Options = { readonly data: string; readonly count: number; readonly name: string; readonly port: number };

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const {
    data,
    validators = '4',
    name = NAME_DEFAULT,
    'p2p-port': port = PORT_DEFAULT,
  } = parseArgs({
    options: { data: text, validators: text, name: text, 'p2p-port': text },
  }).values;
  const [count, first] = [Number(validators), Number(port)];
  if (data === undefined) return '--data is needed';
  if (!Number.isInteger(count) || (count !== 1 && (count < VALIDATORS_MIN || count > VALIDATORS_MAX)))
    return `--validators is 1, or ${VALIDATORS_MIN} to ${VALIDATORS_MAX}`;
  if (!Number.isInteger(first) || first < 1 || first + count > 65_536)
    return '--p2p-port is the first of as many ports as there are validators';
  return { data, count, name, port: first };
}

async function found({ data, count, name, port }: Options): Promise<void> {
  await makeFolder(data);
  if (readdirSync(data).length > 0) throw formatError('DATA_FOLDER_FOREIGN', { folder: data, want: 'an empty folder' });
  const genesisHash = await foundCluster({
    folders: Array.from({ length: count }, (_, i) => join(data, `validator-${i + 1}`)),
    p2pPorts: Array.from({ length: count }, (_, i) => port + i),
    crypto: nativeCrypto,
    name,
    nowMs: Date.now(),
    randomBytes: (size) => new Uint8Array(randomBytes(size)),
  });
  process.stdout.write(`${toHex(genesisHash)}\n`);
}

await runEntry({ usage: USAGE, readOptions, run: found });

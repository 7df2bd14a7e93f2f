/**
 * `oppidum cluster init --data DIR --validators N [--name NAME] [--p2p-port PORT | --address HOST:PORT,…]`: founds a city of N
 * validators, in DIR/validator-1 to DIR/validator-N, and DIR/city.policy, which is that of the first. Prints the genesis hash.
 */

import { randomBytes } from 'node:crypto';
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { makeFolderDurably } from './durable-file.ts';
import { foundCluster } from './found-cluster.ts';
import { runEntry } from './run-entry.ts';

const USAGE = 'oppidum cluster init --data DIR [--validators 4] [--name NAME] [--p2p-port 26600 | --address HOST:PORT,…]';
const NAME_DEFAULT = 'demo.oppidum.example';
/** As in notes-and-policy.md: fewer than four tolerate no fault, and a note carries sixteen signatures. */
const [VALIDATORS_MIN, VALIDATORS_MAX] = [4, 15];
const PORT_DEFAULT = '26600';
const PORT_MAX = 65_535;

/** `addresses`: of machines of their own; without them all are on this one, on ports from `port` on. */
type Options = {
  readonly data: string;
  readonly count: number;
  readonly name: string;
  readonly port: number;
  readonly addresses: readonly string[] | null;
};

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const {
    data,
    validators,
    name = NAME_DEFAULT,
    'p2p-port': port = PORT_DEFAULT,
    address,
  } = parseArgs({ options: { data: text, validators: text, name: text, 'p2p-port': text, address: text } }).values;
  const addresses = address?.split(',') ?? null;
  const [count, first] = [Number(validators ?? addresses?.length ?? VALIDATORS_MIN), Number(port)];
  if (data === undefined) return '--data is needed';
  if (!Number.isInteger(count) || (count !== 1 && (count < VALIDATORS_MIN || count > VALIDATORS_MAX)))
    return `--validators is 1, or ${VALIDATORS_MIN} to ${VALIDATORS_MAX}`;
  if (!Number.isInteger(first) || first < 1 || first + count > PORT_MAX + 1)
    return '--p2p-port is the first of as many ports as there are validators';
  if (addresses === null) return { data, count, name, port: first, addresses };
  const wrong = addresses.find((each) => !isAddress(each));
  if (wrong !== undefined) return `--address is a list of HOST:PORT with commas between; ${wrong} is none`;
  if (new Set(addresses).size < addresses.length) return '--address names one place twice';
  if (addresses.length !== count) return `--address names ${addresses.length} places for ${count} validators`;
  return { data, count, name, port: first, addresses };
}

/** A host name or an IPv4 address, or an IPv6 address in brackets; then a port. */
function isAddress(text: string): boolean {
  const [, port] = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]):([1-9][0-9]{0,4})$/.exec(text) ?? [];
  return port !== undefined && Number(port) <= PORT_MAX;
}

async function found({ data, count, name, port, addresses }: Options): Promise<void> {
  await makeFolderDurably(data);
  if (readdirSync(data).length > 0) throw formatError('DATA_FOLDER_FOREIGN', { folder: data, want: 'an empty folder' });
  const genesisHash = await foundCluster({
    folders: Array.from({ length: count }, (_, i) => join(data, `validator-${i + 1}`)),
    ...(addresses === null ? { p2pPorts: Array.from({ length: count }, (_, i) => port + i) } : { addresses }),
    crypto: nativeCrypto,
    name,
    nowMs: Date.now(),
    randomBytes: (size) => new Uint8Array(randomBytes(size)),
  });
  // It follows the first validator's when the city changes its policy.
  symlinkSync(join('validator-1', 'city.policy'), join(data, 'city.policy'));
  process.stdout.write(`${toHex(genesisHash)}\n`);
}

await runEntry({ usage: USAGE, readOptions, run: found });

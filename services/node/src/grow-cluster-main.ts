/**
 * `oppidum cluster grow`: one more node for a cluster on this machine, in DIR, which appears when it is whole. Prints one line of JSON:
 * {"nodeId", "isSynced"}.
 */

import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { growCluster } from './grow-cluster.ts';
import { runEntry } from './run-entry.ts';

const USAGE = 'grow-cluster-main.ts --data DIR --name NAME --port PORT --sibling DIR [--sibling DIR …]';
const PORT_MAX = 65_535;

type Options = { readonly data: string; readonly name: string; readonly port: number; readonly siblings: readonly string[] };

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { data: text, name: text, port: text, sibling: { type: 'string', multiple: true } },
  });
  const { data, name, sibling: siblings = [] } = values;
  const port = Number(values.port);
  if (data === undefined || name === undefined || siblings.length === 0) return '--data, --name and --sibling are needed';
  if (!Number.isInteger(port) || port < 1 || port > PORT_MAX) return '--port is the port of a CometBFT';
  return { data, name, port, siblings };
}

async function grow({ data, name, port, siblings }: Options): Promise<void> {
  const grown = await growCluster({
    folder: data,
    crypto: nativeCrypto,
    name,
    siblings,
    port,
    randomBytes: (size) => new Uint8Array(randomBytes(size)),
  });
  process.stdout.write(`${JSON.stringify(grown)}\n`);
}

await runEntry({ usage: USAGE, readOptions, run: grow });

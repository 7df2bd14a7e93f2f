/**
 * `oppidum node join --data DIR --policy FILE --from URL [--from URL …] [--p2p HOST:PORT] [--name NAME]`: makes the folders of a reader of a
 * running city. `oppidum node reset --data DIR [--from URL …]`: empties a node that is to begin again, keys and what it signed last kept.
 * `oppidum node set --data DIR …`: what its operator decides about a node. The first argument says which.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { openDataFolder } from './data-folder.ts';
import { joinCity } from './join-city.ts';
import { changeNodeSettings, type NodeSettings, parseDoor, parseNeighbour } from './node-settings.ts';
import { resetNode } from './reset-node.ts';
import { runEntry } from './run-entry.ts';

const USAGE = [
  'oppidum node join --data DIR --policy FILE --from URL [--from URL] [--p2p HOST:PORT] [--name NAME]',
  'oppidum node reset --data DIR [--from URL --from URL]',
  'oppidum node set --data DIR [--light-door HOST:PORT|off] [--neighbour URL] [--snapshot-interval N] [--retain-blocks N]',
].join('\n');
const P2P_DEFAULT = '127.0.0.1:26656';
const NAME_DEFAULT = 'reader';

type Values = {
  readonly data: string;
  readonly policy: string;
  readonly from: readonly string[];
  readonly p2p: string;
  readonly name: string;
  readonly changes: Partial<NodeSettings>;
};
type Options = Values & { readonly verb: 'join' | 'reset' | 'set' };

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const many = { type: 'string', multiple: true } as const;
  const { positionals, values } = parseArgs({
    options: {
      ...{ data: text, policy: text, from: many, p2p: text, name: text },
      ...{ 'light-door': text, neighbour: many, 'snapshot-interval': text, 'retain-blocks': text },
    },
    allowPositionals: true,
  });
  const { data, policy, from = [], p2p = P2P_DEFAULT, name = NAME_DEFAULT } = values;
  const [verb] = positionals;
  if (data === undefined) return '--data is needed';
  if (verb !== 'join' && verb !== 'reset' && verb !== 'set') return 'The first word is join, reset or set';
  if (verb === 'join' && (policy === undefined || from.length === 0)) return '--policy and --from are needed';
  const door = values['light-door'];
  const changes = {
    ...(door === undefined ? {} : { lightDoor: door === 'off' ? null : door }),
    ...(values.neighbour === undefined ? {} : { neighbours: values.neighbour }),
    ...(values['snapshot-interval'] === undefined ? {} : { snapshotInterval: Number(values['snapshot-interval']) }),
    ...(values['retain-blocks'] === undefined ? {} : { retainBlocks: Number(values['retain-blocks']) }),
  };
  return { verb, data, policy: policy ?? '', from, p2p, name, changes };
}

async function run(options: Options): Promise<void> {
  if (options.verb === 'join') await join(options);
  else if (options.verb === 'reset') await reset(options);
  else await change(options);
}

async function join({ data, policy, from, p2p, name }: Values): Promise<void> {
  const { genesisHash, checkpoint, isBound, sync, nodeId } = await joinCity({
    folder: data,
    crypto: nativeCrypto,
    policy: new Uint8Array(readFileSync(policy)),
    doors: from.map(parseNeighbour),
    p2p: parseDoor(p2p),
    name,
    randomBytes: (size) => new Uint8Array(randomBytes(size)),
  });
  const lines = [
    `made a reader of the city ${toHex(genesisHash)} in ${data}`,
    `trusted: the checkpoint of size ${checkpoint.size}, which the quorum of your policy cosigned`,
    isBound
      ? 'who decides on its blocks is proven under that checkpoint'
      : 'who decides on its blocks is not proven: this city names no consensus keys on its ledger; compare the doors',
    sync === null
      ? 'it begins with the first block: state sync needs two doors and a node that offers a snapshot'
      : `it begins with a snapshot, proven from the header of block ${sync.trustHeight} on`,
    `its node id is ${nodeId}: until those nodes let it in (\`oppidum cluster allow ${nodeId}\`) it hears nothing`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function reset({ data, from }: Values): Promise<void> {
  const folder = await openDataFolder({ folder: data, crypto: nativeCrypto });
  try {
    const { isSynced } = await resetNode({ folder, crypto: nativeCrypto, doors: from.map(parseNeighbour) });
    process.stdout.write(`emptied ${data}; keys and what was signed last are kept\n`);
    process.stdout.write(isSynced ? 'it begins with a snapshot of others\n' : 'it begins with the first block\n');
  } finally {
    folder.release();
  }
}

async function change({ data, changes }: Values): Promise<void> {
  const folder = await openDataFolder({ folder: data, crypto: nativeCrypto });
  try {
    process.stdout.write(`${JSON.stringify(await changeNodeSettings(data, changes), null, 2)}\n`);
  } finally {
    folder.release();
  }
}

await runEntry({ usage: USAGE, readOptions, run });

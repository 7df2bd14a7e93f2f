/**
 * `oppidum cluster peers|allow|refuse`: which CometBFTs may be peers of that of a data folder. Prints one line of JSON:
 * {"id", "peers": [{"id", "note"}], "changed"}; `id` is that of this one.
 */

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { formatError } from '@oppidum/formats/errors';
import { allowedPeers, allowPeer, refusePeer } from './allowed-peers.ts';
import { readNodeId } from './comet-home.ts';
import { cometPlaces } from './found-cluster.ts';
import { runEntry } from './run-entry.ts';

const USAGE = 'peers-main.ts --data DIR [--allow ID [--note TEXT] | --refuse ID]';

type Options = { readonly data: string; readonly allow?: string; readonly refuse?: string; readonly note: string };

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const {
    data,
    allow,
    refuse,
    note = '',
  } = parseArgs({
    options: { data: text, allow: text, refuse: text, note: text },
  }).values;
  if (data === undefined) return '--data is needed';
  return { data, note, ...(allow === undefined ? {} : { allow }), ...(refuse === undefined ? {} : { refuse }) };
}

async function showPeers({ data, allow, refuse, note }: Options): Promise<void> {
  const { home } = cometPlaces(data);
  if (!existsSync(home)) throw formatError('DATA_FOLDER_FOREIGN', { folder: data, want: 'a validator of a cluster' });
  let changed = false;
  if (allow !== undefined) {
    await allowPeer(home, { id: allow, note });
    changed = true;
  }
  if (refuse !== undefined) changed = await refusePeer(home, refuse);
  process.stdout.write(`${JSON.stringify({ id: readNodeId(home, nativeCrypto), peers: allowedPeers(home), changed })}\n`);
}

await runEntry({ usage: USAGE, readOptions, run: showPeers });

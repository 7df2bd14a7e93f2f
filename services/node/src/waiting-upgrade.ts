/** Whether a node that does not run has stopped for an upgrade: its next block is one for which the council planned other rules. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Crypto } from '@oppidum/formats/crypto';
import { at, parseState } from '@oppidum/formats/state-layout';
import { upgradePlanKind } from '@oppidum/formats/state-upgrades';
import { NodeStore } from './node-store.ts';

/** Of a data folder; false also where there is no store. */
export async function waitsForUpgrade(folder: string, crypto: Crypto): Promise<boolean> {
  const path = join(folder, 'node');
  if (!existsSync(join(path, 'data.mdb'))) return false;
  const store = NodeStore.open({ folder: path, crypto, readOnly: true });
  try {
    const value = store.head === null ? null : store.state.read(at(upgradePlanKind).key);
    return value !== null && (store.head?.height ?? 0) + 1 >= parseState(upgradePlanKind, value).height;
  } finally {
    await store.close();
  }
}

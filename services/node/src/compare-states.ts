/** Comparing what two data folders say the city's state is, at the newest height that both have. */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { AREAS, kindOfKey } from '@oppidum/formats/state-registry';
import { areaRoots, firstDifference, type StateDifference } from '@oppidum/ledger/state-diff';
import { identifyDataFolder } from './data-folder.ts';
import { NodeStore } from './node-store.ts';

/** The sub-root of one area in both folders. */
export type AreaComparison = { readonly name: string; readonly a: Bytes; readonly b: Bytes; readonly isSame: boolean };

/** `height`: where both were compared. `area`: of the differing key. Null `difference`: the states are the same. */
export type StateComparison = {
  readonly heights: readonly [number, number];
  readonly height: number;
  /** Empty where a folder has not even a genesis block. */
  readonly areas: readonly AreaComparison[];
  readonly difference: (StateDifference & { readonly area: string }) | null;
};

const LOWEST = new Uint8Array(0);
const HIGHEST = new Uint8Array(LIMITS.stateKeySizeMax + 1).fill(0xff);

/**
 * Compares two data folders, which nobody needs to hold: they are only read.
 * Throws DATA_FOLDER_FOREIGN when they are of two cities, as `identifyDataFolder` does, and STATE_PRUNED when one is too far ahead.
 */
export async function compareStates(crypto: Crypto, folderA: string, folderB: string): Promise<StateComparison> {
  const [a, b] = [folderA, folderB].map((folder) => identifyDataFolder({ folder, crypto })) as [Identified, Identified];
  if (!equalBytes(a.genesisHash, b.genesisHash))
    throw formatError('DATA_FOLDER_FOREIGN', { folder: folderB, want: toHex(a.genesisHash), got: toHex(b.genesisHash) });
  const stores: NodeStore[] = [];
  try {
    for (const { paths } of [a, b]) stores.push(NodeStore.open({ folder: paths.node, crypto, readOnly: true }));
    const heights = stores.map((store) => store.head?.height ?? -1) as [number, number];
    const height = Math.min(...heights);
    // A folder without even a genesis block has no records.
    const [left, right] = stores.map((store) => (height < 0 ? [] : store.state.scanAt(height, LOWEST, HIGHEST)));
    const found = firstDifference(left ?? [], right ?? []);
    const areas = height < 0 ? [] : compareAreas(stores as [NodeStore, NodeStore], height);
    return { heights, height, areas, difference: found === null ? null : { ...found, area: areaOf(found.key) } };
  } finally {
    for (const store of stores) await store.close();
  }
}

function compareAreas(stores: readonly [NodeStore, NodeStore], height: number): AreaComparison[] {
  const [ofA, ofB] = stores.map(({ state }) => areaRoots({ prefixHash: (prefix) => state.prefixHashAt(height, prefix) })) as [
    ReturnType<typeof areaRoots>,
    ReturnType<typeof areaRoots>,
  ];
  return ofA.map(({ name, root }, i) => {
    const other = ofB[i]?.root ?? root;
    return { name, a: root, b: other, isSame: equalBytes(root, other) };
  });
}

type Identified = ReturnType<typeof identifyDataFolder>;

function areaOf(key: Uint8Array): string {
  return AREAS[kindOfKey(key)?.area ?? -1] ?? 'unknown';
}

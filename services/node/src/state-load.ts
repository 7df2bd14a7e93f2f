/** Rebuilding the state tree and its history from the log. */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { StateTree, type TreeChange } from '@oppidum/proofs/state-tree';
import type { LogRecord, StateLog } from './state-log.ts';

const DIGEST_SIZE = 32;
/** Keys handed to the tree at once: keeps the number of small objects low. */
const CHUNK = 50_000;

/** One kept height: its block changed the state, `version` of the tree is the map from it on, its records begin at `firstPage`. */
export type KeptHeight = {
  readonly height: number;
  readonly timeMs: number;
  readonly firstPage: number;
  readonly root: Bytes;
  readonly version: number;
};

/** A kept height as it is stored. */
export type KeptRow = Omit<KeptHeight, 'version'>;

/**
 * The tree with one version per row, oldest first. Records up to the first row's height make its version; those of later heights
 * are applied height by height. Throws a plain Error when a root is not the one that was committed.
 */
export function loadState(
  crypto: Crypto,
  log: StateLog,
  rows: readonly KeptRow[],
): { tree: StateTree; kept: KeptHeight[]; recordCount: number } {
  const base = rows[0]?.height ?? -1;
  const oldest = new NewestRecords(crypto);
  const later = new Map<number, TreeChange[]>();
  let recordCount = 0;
  for (const { tag, record } of log.records()) {
    recordCount++;
    if (record.height <= base) oldest.offer(record, tag);
    else if (later.has(record.height)) later.get(record.height)?.push(changeOf(crypto, record, tag));
    else later.set(record.height, [changeOf(crypto, record, tag)]);
  }
  const tree = new StateTree(crypto);
  for (const chunk of oldest.inKeyOrder()) tree.releaseBefore(tree.apply(chunk));
  const kept = rows.map((row, i): KeptHeight => {
    const version = i === 0 ? tree.newest : tree.apply(later.get(row.height) ?? []);
    assertRoot(row, tree.rootHash(version));
    return { ...row, version };
  });
  return { tree, kept, recordCount };
}

function changeOf(crypto: Crypto, { key, value }: LogRecord, tag: number): TreeChange {
  return { key: new Uint8Array(key), valueDigest: value === null ? null : crypto.sha256(value), tag };
}

function assertRoot({ height, root }: KeptRow, computed: Bytes): void {
  if (equalBytes(root, computed)) return;
  throw new Error(
    `The stored state at height ${height} has the root ${toHex(computed)}, committed was ${toHex(root)}: the data folder is damaged, restore it`,
  );
}

/** Of each key the record of the greatest height, in flat arrays. */
class NewestRecords {
  readonly #crypto: Crypto;
  readonly #indexOf = new Map<string, number>();
  #heights = new Float64Array(1024);
  #tags = new Float64Array(1024);
  #digests = new Uint8Array(1024 * DIGEST_SIZE);
  /** 0 for removals. */
  #isPut = new Uint8Array(1024);

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  offer({ height, key, value }: LogRecord, tag: number): void {
    // One character per byte: text order is byte order.
    const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
    let index = this.#indexOf.get(name);
    if (index === undefined) {
      index = this.#indexOf.size;
      if (index === this.#heights.length) this.#grow();
      this.#indexOf.set(name, index);
    } else if ((this.#heights[index] as number) > height) return;
    this.#heights[index] = height;
    this.#tags[index] = tag;
    this.#isPut[index] = value === null ? 0 : 1;
    if (value !== null) this.#crypto.sha256Into(value, this.#digests, index * DIGEST_SIZE);
  }

  *inKeyOrder(): Generator<TreeChange[]> {
    const names = [...this.#indexOf.keys()].sort();
    for (let from = 0; from < names.length; from += CHUNK) {
      const chunk: TreeChange[] = [];
      for (const name of names.slice(from, from + CHUNK)) {
        const index = this.#indexOf.get(name) as number;
        if (this.#isPut[index] === 0) continue;
        const valueDigest = this.#digests.subarray(index * DIGEST_SIZE, (index + 1) * DIGEST_SIZE);
        chunk.push({ key: new Uint8Array(Buffer.from(name, 'latin1')), valueDigest, tag: this.#tags[index] as number });
      }
      yield chunk;
    }
  }

  #grow(): void {
    const count = Math.ceil(this.#heights.length * 1.5);
    const heights = new Float64Array(count);
    heights.set(this.#heights);
    this.#heights = heights;
    const tags = new Float64Array(count);
    tags.set(this.#tags);
    this.#tags = tags;
    const digests = new Uint8Array(count * DIGEST_SIZE);
    digests.set(this.#digests);
    this.#digests = digests;
    const isPut = new Uint8Array(count);
    isPut.set(this.#isPut);
    this.#isPut = isPut;
  }
}

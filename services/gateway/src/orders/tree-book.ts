/**
 * Trees of challenges that orders for many devices name by their roots (specs/orders.md). Nobody else has their leaves, so a tree is kept in
 * a file as soon as an order on the ledger names it: a gateway that starts anew can still give each device its path. A file proves itself
 * by its name, the root.
 *
 *   orders/<root>.tree    (device ‖ challenge)*
 */

import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, concatBytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { orNull } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import { writeFileDurably } from '@oppidum/node/durable-file';
import { makeSecretFolder } from '@oppidum/node/key-files';
import { type Challenged, type ChallengeTree, makeChallengeTree } from '@oppidum/proofs/challenge-tree';

/** Drafts in memory, and files: an order lives for an hour at most, and one for many is no everyday thing. */
const DRAFT_COUNT_MAX = 16;
const FILE_COUNT_MAX = 64;
const SUFFIX = '.tree';
const LEAF_SIZE = 2 * ID_SIZE;

/** A tree with its leaves, ascending by device. */
export type KnownTree = ChallengeTree & { readonly leaves: readonly Challenged[] };

/** Of whom it is: two who draft the same have one each. */
type DraftedTree = { readonly by: string; readonly tree: KnownTree };

/** The trees that are known here. */
export class TreeBook {
  readonly #crypto: Crypto;
  readonly #folder: string;
  /** Oldest first. */
  readonly #drafts: DraftedTree[] = [];

  constructor({ crypto, folder }: { readonly crypto: Crypto; readonly folder: string }) {
    this.#crypto = crypto;
    this.#folder = folder;
  }

  /**
   * Remembers a tree for a while. Strangers may draft, too: whoever has the most drafts loses the oldest of them, so that nobody loses the one
   * that is being signed because somebody else drafts a lot.
   */
  remember(tree: KnownTree, by: string): void {
    const again = this.#drafts.findIndex((draft) => draft.by === by && equalBytes(draft.tree.root, tree.root));
    if (again >= 0) this.#drafts.splice(again, 1);
    this.#drafts.push({ by, tree });
    if (this.#drafts.length > DRAFT_COUNT_MAX) this.#drafts.splice(this.#oldestOfMost(), 1);
  }

  #oldestOfMost(): number {
    const counts = new Map<string, number>();
    for (const { by } of this.#drafts) counts.set(by, (counts.get(by) ?? 0) + 1);
    const most = Math.max(...counts.values());
    return this.#drafts.findIndex(({ by }) => counts.get(by) === most);
  }

  /** The tree with this root, or null where it was not drafted here. */
  find(root: Bytes): KnownTree | null {
    return this.#drafted(root) ?? this.#read(root);
  }

  /** Resolves when the tree with this root, if it is known, survives a restart. */
  async keep(root: Bytes): Promise<void> {
    const tree = this.#drafted(root);
    if (tree === null) return;
    await makeSecretFolder(this.#folder);
    const bytes = concatBytes(...tree.leaves.flatMap(({ device, challenge }) => [device, challenge]));
    await writeFileDurably(join(this.#folder, `${toHex(root)}${SUFFIX}`), bytes);
    this.#makeRoom();
  }

  #drafted(root: Bytes): KnownTree | null {
    return this.#drafts.find(({ tree }) => equalBytes(tree.root, root))?.tree ?? null;
  }

  #read(root: Bytes): KnownTree | null {
    const bytes = readIfThere(join(this.#folder, `${toHex(root)}${SUFFIX}`));
    if (bytes === null || bytes.length % LEAF_SIZE !== 0) return null;
    const leaves = Array.from({ length: bytes.length / LEAF_SIZE }, (_, i) => ({
      device: bytes.slice(i * LEAF_SIZE, i * LEAF_SIZE + ID_SIZE),
      challenge: bytes.slice(i * LEAF_SIZE + ID_SIZE, (i + 1) * LEAF_SIZE),
    }));
    const tree = this.#rebuild(leaves);
    return tree !== null && equalBytes(tree.root, root) ? { ...tree, leaves } : null;
  }

  /** Null for leaves that no tree has: a damaged file is as good as none. */
  #rebuild(leaves: readonly Challenged[]): ChallengeTree | null {
    return orNull(() => makeChallengeTree(this.#crypto, leaves));
  }

  #makeRoom(): void {
    const files = readdirSync(this.#folder).filter((name) => name.endsWith(SUFFIX));
    if (files.length <= FILE_COUNT_MAX) return;
    const byAge = files.map((name) => join(this.#folder, name)).sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
    for (const file of byAge.slice(0, files.length - FILE_COUNT_MAX)) rmSync(file, { force: true });
  }
}

function readIfThere(path: string): Bytes | null {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

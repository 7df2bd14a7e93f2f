/**
 * An outsider's look at a served log: reads nothing but the files of a folder, with its own idea of paths and hashes (C2SP tlog-tiles,
 * RFC 6962 §2.1), and shares no code with what wrote them.
 */

import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const sha256 = (...parts: readonly Uint8Array[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');

/** RFC 6962 §2.1 MTH over leaf hashes. */
function merkleTreeHash(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return sha256();
  if (hashes.length === 1) return hashes[0] as Buffer;
  let k = 1;
  while (2 * k < hashes.length) k *= 2;
  return sha256(Buffer.of(1), merkleTreeHash(hashes.slice(0, k)), merkleTreeHash(hashes.slice(k)));
}

/**
 * A tile or bundle of this width. A partial one may be gone once the full one is there, which begins with the same (C2SP tlog-tiles,
 * "Partial Tiles"): `isWider` then.
 */
function readTile(
  folder: string,
  level: string,
  index: number,
  width: number,
): { readonly bytes: Buffer; readonly isWider: boolean } {
  const thousands = Math.floor(index / 1000);
  const last = String(index % 1000).padStart(3, '0');
  if (thousands > 999) throw new Error('this walk is for small logs');
  const path = thousands === 0 ? last : `x${String(thousands).padStart(3, '0')}/${last}`;
  const full = join(folder, 'tile', level, path);
  const partial = `${full}.p/${width}`;
  if (width === 256) return { bytes: readFileSync(full), isWider: false };
  const isWider = !existsSync(partial) && existsSync(full);
  return { bytes: readFileSync(isWider ? full : partial), isWider };
}

/** Checks every tile and bundle that a log of this size must have, and gives the root they amount to. */
export function walkTiles(folder: string, size: number): Buffer {
  let below: Buffer[] = readEntries(folder, size).map((entry) => sha256(Buffer.of(0), entry));
  const leaves = below;
  for (let level = 0; below.length > 0; level++) {
    const above: Buffer[] = [];
    for (let index = 0; index * 256 < below.length; index++) {
      const hashes = below.slice(index * 256, (index + 1) * 256);
      const { bytes, isWider } = readTile(folder, String(level), index, hashes.length);
      const tile = isWider ? bytes.subarray(0, 32 * hashes.length) : bytes;
      if (!tile.equals(Buffer.concat(hashes))) throw new Error(`tile ${level}/${index} of width ${hashes.length} is wrong`);
      if (hashes.length === 256) above.push(merkleTreeHash(hashes));
    }
    below = above;
  }
  return merkleTreeHash(leaves);
}

function readEntries(folder: string, size: number): Buffer[] {
  const entries: Buffer[] = [];
  for (let index = 0; index * 256 < size; index++) {
    const width = Math.min(256, size - index * 256);
    const { bytes: bundle, isWider } = readTile(folder, 'entries', index, width);
    let at = 0;
    for (let i = 0; i < width; i++) {
      const end = at + 2 + bundle.readUInt16BE(at);
      entries.push(bundle.subarray(at + 2, end));
      at = end;
    }
    if (at !== bundle.length && !isWider) throw new Error(`bundle ${index} has ${bundle.length - at} bytes too many`);
  }
  return entries;
}

/** Size and root that the folder's `checkpoint` claims; null before the first. Signatures are somebody else's matter. */
export function readClaim(folder: string): { readonly origin: string; readonly size: number; readonly root: Buffer } | null {
  const file = join(folder, 'checkpoint');
  if (!existsSync(file)) return null;
  const [origin = '', size, root] = readFileSync(file, 'utf8').split('\n');
  return { origin, size: Number(size), root: Buffer.from(root ?? '', 'base64') };
}

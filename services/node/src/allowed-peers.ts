/**
 * Which CometBFTs may be peers of this one: `config/allowed_peers` of its home, a node id a line and a note behind it. Read at each
 * question, so that a change needs no new start. Who is not in it is refused after it has proven its id, before it is heard.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { writeFileDurably } from './durable-file.ts';

/** `id`: 40 hex digits, by which CometBFT names a node. */
export type AllowedPeer = { readonly id: string; readonly note: string };

const ID = /^[0-9a-f]{40}$/;
const MODE = 0o600;
const HEADING = '# Node ids of the CometBFTs that may be peers of this one; what stands behind an id is a note.\n';

/** The peers of a home; none where the file is missing. */
export function allowedPeers(home: string): readonly AllowedPeer[] {
  const file = fileOf(home);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [id = '', ...note] = line.trim().split(/\s+/);
    return ID.test(id) ? [{ id, note: note.join(' ') }] : [];
  });
}

/** Whether a node of this id may be a peer. */
export function isAllowedPeer(home: string, id: string): boolean {
  return allowedPeers(home).some((peer) => peer.id === id);
}

/** Lets a node be a peer from now on, under this note. Throws CONFIG_INVALID for what is no id. */
export async function allowPeer(home: string, { id, note }: AllowedPeer): Promise<void> {
  if (!ID.test(id)) throw formatError('CONFIG_INVALID', { setting: 'node id', want: '40 digits 0-9 a-f', got: id });
  const others = allowedPeers(home).filter((peer) => peer.id !== id);
  await writeAllowedPeers(home, [...others, { id, note: note.replaceAll(/\s+/g, ' ').trim() }]);
}

/** Refuses a node from its next connection on; false where it was not allowed before. */
export async function refusePeer(home: string, id: string): Promise<boolean> {
  const before = allowedPeers(home);
  const others = before.filter((peer) => peer.id !== id);
  if (others.length < before.length) await writeAllowedPeers(home, others);
  return others.length < before.length;
}

/** Writes the whole list. */
export async function writeAllowedPeers(home: string, peers: readonly AllowedPeer[]): Promise<void> {
  const lines = peers.map(({ id, note }) => `${id} ${note}`.trimEnd());
  await writeFileDurably(fileOf(home), encodeUtf8(`${[HEADING, ...lines].join('\n')}\n`), MODE);
}

function fileOf(home: string): string {
  return join(home, 'config', 'allowed_peers');
}

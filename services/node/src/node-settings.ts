/**
 * `node.json` of a data folder: what its operator decided about this node among several, whichever program runs it. `oppidum node set` and
 * `oppidum node join` write it; a node reads it when it starts.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { writeFileDurably } from './durable-file.ts';

/** Every setting. */
export type NodeSettings = {
  /** `HOST:PORT` where light clients and nodes that begin may ask; null: nowhere. */
  readonly lightDoor: string | null;
  /** Such doors of other nodes, from which published checkpoints are taken. */
  readonly neighbours: readonly string[];
  /** Heights between two snapshots for others; 0: none is taken. */
  readonly snapshotInterval: number;
  /** CometBFT's blocks that are kept at least; 0: all of them. */
  readonly retainBlocks: number;
  /** True where `oppidum node join` made the folder: policies name its keys only if the council wants it to vote. */
  readonly joined: boolean;
};

const DEFAULTS: NodeSettings = { lightDoor: null, neighbours: [], snapshotInterval: 1_000, retainBlocks: 0, joined: false };
const NEIGHBOUR_COUNT_MAX = 16;
const COUNT_MAX = 1_000_000_000;
const DOOR = /^(\[[0-9a-f:.]+\]|[A-Za-z0-9.-]{1,253}):(\d{1,5})$/;
const PORT_MAX = 65_535;

/** The settings of a data folder. Throws CONFIG_INVALID. */
export function readNodeSettings(folder: string): NodeSettings {
  const file = fileOf(folder);
  if (!existsSync(file)) return DEFAULTS;
  return checkNodeSettings({ ...DEFAULTS, ...parse(file) }, file);
}

/** Changes some settings of a data folder, durably; answers all of them. Throws CONFIG_INVALID. */
export async function changeNodeSettings(folder: string, changes: Partial<NodeSettings>): Promise<NodeSettings> {
  const file = fileOf(folder);
  const settings = checkNodeSettings({ ...readNodeSettings(folder), ...changes }, file);
  // DURABLE: node settings
  await writeFileDurably(file, encodeUtf8(`${JSON.stringify(settings, null, 2)}\n`));
  return settings;
}

/** Host and port of a door. Throws CONFIG_INVALID. */
export function parseDoor(door: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = DOOR.exec(door) ?? [];
  if (host === '' || Number(port) > PORT_MAX) throw wrong('lightDoor', door, 'HOST:PORT');
  return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) };
}

/** The URL of a neighbour's door, without a slash at its end. Throws CONFIG_INVALID. */
export function parseNeighbour(text: string): string {
  const url = URL.parse(text);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
  if (!isPlain || url.pathname !== '/') throw wrong('neighbours', text, 'http://HOST:PORT');
  return url.origin;
}

function fileOf(folder: string): string {
  return join(folder, 'node.json');
}

function parse(file: string): object {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw formatError('CONFIG_INVALID', { from: file, reason: 'not a JSON object' });
}

function checkNodeSettings(settings: object, file: string): NodeSettings {
  const unknown = Object.keys(settings).find((name) => !(name in DEFAULTS));
  if (unknown !== undefined) throw formatError('CONFIG_INVALID', { setting: unknown, from: file, reason: 'no such setting' });
  const { lightDoor, neighbours, snapshotInterval, retainBlocks, joined } = settings as NodeSettings;
  if (typeof joined !== 'boolean') throw wrong('joined', String(joined), 'true or false');
  if (lightDoor !== null) parseDoor(String(lightDoor));
  if (!Array.isArray(neighbours) || neighbours.length > NEIGHBOUR_COUNT_MAX)
    throw wrong('neighbours', String(neighbours), `a list of at most ${NEIGHBOUR_COUNT_MAX}`);
  for (const [setting, count] of Object.entries({ snapshotInterval, retainBlocks })) {
    if (!Number.isInteger(count) || count < 0 || count > COUNT_MAX) throw wrong(setting, String(count), `0 to ${COUNT_MAX}`);
  }
  return { lightDoor, neighbours: neighbours.map((url) => parseNeighbour(String(url))), snapshotInterval, retainBlocks, joined };
}

function wrong(setting: string, got: string, want: string): Error {
  return formatError('CONFIG_INVALID', { setting, got, reason: want });
}

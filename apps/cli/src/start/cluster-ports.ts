/** Before validators are started: is the cluster not running already, and are its ports free? */

import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { formatError } from '@oppidum/formats/errors';
import { holderOf } from '../folder-holder.ts';

/** Throws DATA_FOLDER_LOCKED, PORT_TAKEN. */
export async function checkClusterPorts(folders: readonly string[], doorPorts: readonly number[]): Promise<void> {
  for (const folder of folders) {
    const holder = holderOf(folder);
    if (holder?.isAlive === true) throw formatError('DATA_FOLDER_LOCKED', { file: join(folder, 'lock'), pid: holder.pid });
  }
  for (const folder of folders) {
    const peerPort = peerPortOf(folder);
    if (peerPort !== null && !(await isPortFree(peerPort)))
      throw formatError('PORT_TAKEN', { port: peerPort, of: `${join(folder, 'comet', 'config', 'config.toml')}, [p2p] laddr` });
  }
  for (const port of doorPorts) if (!(await isPortFree(port))) throw formatError('PORT_TAKEN', { port });
}

/** The port on which other validators find this one; null where its home does not say. */
export function peerPortOf(folder: string): number | null {
  const file = join(folder, 'comet', 'config', 'config.toml');
  if (!existsSync(file)) return null;
  const [, port] = /^\[p2p\]\n(?:.*\n)*?laddr = "tcp:\/\/.*:(\d+)"$/m.exec(readFileSync(file, 'utf8')) ?? [];
  return port === undefined ? null : Number(port);
}

/** False where something listens on this port, at any address of this machine. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

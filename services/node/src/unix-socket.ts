/** Sockets of the file system that only their owner may open: for what processes of one city tell each other. */

import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';

/** `sun_path` of sockaddr_un without its last zero (unix(7); macOS and the BSDs have 104 bytes). */
const PATH_SIZE_MAX = process.platform === 'linux' ? 107 : 103;
/** Whatever is made while it stands is its owner's alone. */
const OWNER_ONLY_UMASK = 0o177;
const OWNER_ONLY_MODE = 0o600;

/** Listens at this path, mode 600, or answers why it cannot; what a dead process left is removed. Closing the server removes it, too. */
export async function listenOwnerOnly(server: Server, path: string): Promise<string | null> {
  const reason = await whyNot(path);
  if (reason !== null) return reason;
  try {
    await listen(server, path);
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
}

async function whyNot(path: string): Promise<string | null> {
  if (process.platform === 'win32') return 'Windows has no sockets with the permissions of files';
  const size = Buffer.byteLength(path);
  if (size > PATH_SIZE_MAX)
    return `its path has ${size} bytes, a socket may have ${PATH_SIZE_MAX}; name the data folder by a shorter or a relative path`;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (!found.isSocket()) return 'something else has its name';
  if (await isAnswered(path)) return 'another process listens there';
  rmSync(path);
  return null;
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (isOpen: boolean) => (): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Node binds before `listen` returns, so at no time may anybody else connect.
    const umask = process.umask(OWNER_ONLY_UMASK);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
      chmodSync(path, OWNER_ONLY_MODE);
    } catch (error) {
      reject(error as Error);
    } finally {
      process.umask(umask);
    }
  });
}

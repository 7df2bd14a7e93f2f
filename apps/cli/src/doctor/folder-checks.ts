/** Checks of the data folder: they only read. Nothing of a key is ever shown, not even in an error. */

import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { readSeed } from '@oppidum/device/key-file';
import { toHex } from '@oppidum/formats/bytes';
import { genesisHash, parseGenesis } from '@oppidum/formats/genesis';
import { COMMAND, formatTime } from '../cli.ts';
import { describeFailure } from '../failure.ts';
import { type Holder, holderOf } from '../folder-holder.ts';
import { type CheckResult, failed, passed, skipped, warned } from './check.ts';

const NODE_MAJOR = 24;
const FREE_MB_WARN = 1_024;
const FREE_MB_FAIL = 128;
/** Bits of the mode that let the group or others in. */
const OTHERS = 0o077;
/** Without these the city does not run; of several validators one has the keys of the first accounts. */
const SERVICE_KEYS = ['log', 'cosigner'];
const ACCOUNT_KEYS = ['telemetry'];

/** The Node that runs this. */
export function checkNode(): CheckResult {
  const major = Number(process.versions.node.split('.')[0]);
  return major >= NODE_MAJOR
    ? passed('node', process.version)
    : failed('node', `${process.version} is too old`, `Start through npm, or install Node.js ${NODE_MAJOR}`);
}

/** The data folder is a city's: its marker names the genesis document in it. Gives the genesis hash in hex, or null. */
export function checkFolder(data: string): {
  readonly result: CheckResult;
  readonly genesis: string | null;
  readonly foundedMs: number | null;
} {
  const name = 'data folder';
  if (!existsSync(join(data, 'oppidum.json'))) {
    const what = existsSync(data) ? `${data} holds no city` : `${data} does not exist`;
    return {
      result: failed(name, what, `Name the right one with --data, or make a city with \`${COMMAND} init\``),
      genesis: null,
      foundedMs: null,
    };
  }
  try {
    const genesis = parseGenesis(new Uint8Array(readFileSync(join(data, 'genesis.cbor'))));
    const hash = toHex(genesisHash(nativeCrypto, genesis));
    const marker = JSON.parse(readFileSync(join(data, 'oppidum.json'), 'utf8')) as { readonly genesisHash?: unknown };
    if (marker.genesisHash !== hash)
      return {
        result: failed(name, 'genesis.cbor is of another city than oppidum.json', 'Restore both from one backup'),
        genesis: null,
        foundedMs: null,
      };
    return {
      result: passed(name, `${data}: ${genesis.name}, since ${formatTime(genesis.createdMs)}`),
      genesis: hash,
      foundedMs: genesis.createdMs,
    };
  } catch (error) {
    return {
      result: failed(name, describeFailure(error).text, 'Restore the data folder from a backup'),
      genesis: null,
      foundedMs: null,
    };
  }
}

/** Private keys are readable by their owner alone. */
export function checkPermissions(data: string): CheckResult {
  const name = 'permissions';
  const keys = join(data, 'keys');
  if (process.platform === 'win32') return skipped(name, 'modes mean nothing on this system');
  if (!existsSync(keys)) return skipped(name, 'there are no keys here');
  const { mode, uid } = statSync(keys);
  if ((mode & OTHERS) !== 0) return failed(name, `${keys} has mode ${(mode & 0o777).toString(8)}`, `Close it: chmod 700 ${keys}`);
  const user = process.getuid?.();
  if (user !== undefined && user !== 0 && uid !== user)
    return failed(name, `${keys} belongs to another user`, 'Run as the user of the service, or give it the folder');
  return passed(name, `${keys} is closed to others`);
}

/** The keys that the services sign with are there and usable; the operator's may be kept elsewhere. */
export function checkKeys(data: string): CheckResult {
  const name = 'keys';
  const names = existsSync(join(data, 'keys', 'accounts.json')) ? [...SERVICE_KEYS, ...ACCOUNT_KEYS] : SERVICE_KEYS;
  try {
    for (const key of names) readSeed(join(data, 'keys', `${key}.seed`));
  } catch (error) {
    return failed(name, describeFailure(error).text, 'Restore the file or retire its key: nothing else can sign in its place');
  }
  const hasOperator = existsSync(join(data, 'keys', 'operator.seed'));
  return passed(name, `${names.join(', ')}${hasOperator ? ', operator' : '; the operator’s is kept elsewhere'}`);
}

/** Who uses the folder, by its lock, and whether it is a living process of this machine. */
export function checkLock(data: string): { readonly result: CheckResult; readonly isHeld: boolean; readonly pid: number | null } {
  const holder = holderOf(data);
  const isHeld = holder?.isAlive ?? false;
  return { result: describeLock(holder), isHeld, pid: holder?.pid ?? null };
}

function describeLock(holder: Holder | null): CheckResult {
  const name = 'lock';
  if (holder === null) return passed(name, 'free');
  const { pid, host, isAlive } = holder;
  if (host !== hostname()) return warned(name, `held on ${host}`, 'Make sure that no other machine uses this folder');
  return isAlive
    ? passed(name, `held by process ${pid}`)
    : passed(name, `left behind by process ${pid}, which is gone: the next start takes it`);
}

/** Room on the disk of the data folder. */
export function checkDisk(data: string): CheckResult {
  const name = 'disk';
  let folder = resolve(data);
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const freeMb = Math.floor((bavail * bsize) / 2 ** 20);
  const detail = `${freeMb} MB free`;
  const action = 'Make room: a full disk stops the city before it answers anything';
  if (freeMb < FREE_MB_FAIL) return failed(name, detail, action);
  return freeMb < FREE_MB_WARN ? warned(name, detail, action) : passed(name, detail);
}

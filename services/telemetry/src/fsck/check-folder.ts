/** What makes a data folder that of one city: marker, genesis document, keys. */

import { join } from 'node:path';
import { type Bytes, equalBytes, parseHex, parseUtf8, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { type Genesis, parseGenesis } from '@oppidum/formats/genesis';
import { ID_SIZE } from '@oppidum/formats/ids';
import { parsePolicy } from '@oppidum/formats/policy';
import { type AccountKeyRecord, accountKeyKind } from '@oppidum/formats/state-governance';
import { type AnyKind, parseState, prefixRange } from '@oppidum/formats/state-layout';
import { checkMode, checkSeedFile } from './check-keys.ts';
import { listNames, readIfThere } from './files.ts';
import { attempt, type Findings } from './findings.ts';
import type { Scratch } from './scratch.ts';

/** A city as its folder names it. */
export type Identity = { readonly genesis: Genesis; readonly genesisHash: Bytes };

/** Whose folder this is; null when the genesis document is not usable, so that nothing else can be judged. Throws DATA_FOLDER_MISSING. */
export function identifyFolder(crypto: Crypto, folder: string, findings: Findings): Identity | null {
  const names = listNames(folder);
  if (names.length === 0) throw formatError('DATA_FOLDER_MISSING', { folder });
  if (!names.includes('oppidum.json') && !names.includes('genesis.cbor'))
    throw formatError('DATA_FOLDER_FOREIGN', { folder, want: 'oppidum.json' });
  const named = readMarker(folder, findings);
  const file = readIfThere(join(folder, 'genesis.cbor'));
  findings.checked('genesis documents');
  if (file === null) {
    findings.damage('FILE_MISSING', 'genesis.cbor', 'missing');
    return null;
  }
  const parsed = attempt(() => parseGenesis(file));
  const genesisHash = crypto.sha256(file);
  if ('value' in parsed && (named === null || named === toHex(genesisHash))) return { genesis: parsed.value, genesisHash };
  const why = 'why' in parsed ? parsed.why : `its hash is ${toHex(genesisHash)}, and the folder is of ${named}`;
  findings.damage('FILE_DAMAGED', 'genesis.cbor', why);
  return null;
}

/** The genesis hash in the marker; null when that cannot be read. */
function readMarker(folder: string, findings: Findings): string | null {
  const file = readIfThere(join(folder, 'oppidum.json'));
  findings.checked('markers');
  if (file === null) {
    findings.damage('FILE_MISSING', 'oppidum.json', 'missing');
    return null;
  }
  const parsed = attempt(() => {
    const { format, version, genesisHash } = JSON.parse(parseUtf8(file)) as Record<string, unknown>;
    if (format !== 'oppidum-data' || version !== 1) throw formatError('WRONG_TYPE', { want: 'oppidum-data, version 1' });
    return toHex(parseHex(String(genesisHash), ID_SIZE));
  });
  if ('value' in parsed) return parsed.value;
  findings.damage('FILE_DAMAGED', 'oppidum.json', parsed.why);
  return null;
}

/** The public key of the log, or null. */
export function checkKeys(
  crypto: Crypto,
  folder: string,
  findings: Findings,
  known: { readonly policy: Bytes | null; readonly scratch: Scratch | null; readonly isFresh: boolean },
): void {
  const keys = join(folder, 'keys');
  checkMode(findings, keys, 'keys');
  const policy = known.policy === null ? null : parsePolicy(crypto, known.policy);
  const lists = { log: policy?.logs, cosigner: policy?.witnesses };
  for (const use of ['log', 'cosigner'] as const) {
    const publicKey = checkSeedFile(findings, join(keys, `${use}.seed`), `keys/${use}.seed`, true);
    const isKnown = (key: Bytes): boolean => lists[use]?.some((entry) => equalBytes(entry.key.publicKey, key)) ?? true;
    if (publicKey === null || isKnown(publicKey)) continue;
    // While a policy change replaces keys, the next ones lie beside the first.
    const hasOther = listNames(keys).some((name) => name.startsWith(`${use}-`));
    if (known.isFresh || hasOther || isJoined(folder))
      findings.note(`keys/${use}.seed`, 'the policy in force does not name this key');
    else findings.damage('KEY_FILE_FOREIGN', `keys/${use}.seed`, 'the policy in force does not name this key');
  }
  for (const name of listNames(keys).filter((other) => /^(log|cosigner)-.*\.seed$/.test(other)))
    checkSeedFile(findings, join(keys, name), `keys/${name}`, false);
  checkAccounts(keys, findings, known.scratch);
}

/** True for a node that joined a running city: no policy names its keys unless the council wants it to vote. */
function isJoined(folder: string): boolean {
  const file = readIfThere(join(folder, 'node.json'));
  if (file === null) return false;
  const parsed = attempt(() => (JSON.parse(parseUtf8(file)) as { readonly joined?: unknown }).joined === true);
  return 'value' in parsed && parsed.value;
}

/** The accounts that a founded city began with: their ids, and seeds that belong to one of their keys. */
function checkAccounts(keys: string, findings: Findings, scratch: Scratch | null): void {
  const file = readIfThere(join(keys, 'accounts.json'));
  const seeds = ['operator', 'telemetry'] as const;
  if (file === null) {
    const lonely = seeds.filter((name) => readIfThere(join(keys, `${name}.seed`)) !== null);
    if (lonely.length > 0) findings.damage('FILE_MISSING', 'keys/accounts.json', `missing beside ${lonely.join(' and ')}`);
    return;
  }
  findings.checked('key files');
  checkMode(findings, join(keys, 'accounts.json'), 'keys/accounts.json');
  const parsed = attempt(() => {
    const { operator, telemetry } = JSON.parse(parseUtf8(file)) as Record<string, unknown>;
    return { operator: parseHex(String(operator), ID_SIZE), telemetry: parseHex(String(telemetry), ID_SIZE) };
  });
  if ('why' in parsed) return findings.damage('FILE_DAMAGED', 'keys/accounts.json', parsed.why);
  for (const name of seeds) {
    // An operator may keep that key elsewhere; without the other nobody anchors.
    const publicKey = checkSeedFile(findings, join(keys, `${name}.seed`), `keys/${name}.seed`, name === 'telemetry');
    if (scratch === null) continue;
    const records = keysOf(scratch, parsed.value[name]);
    if (records.length === 0)
      findings.damage('FILE_DAMAGED', 'keys/accounts.json', `the ledger has no account with the id of ${name}`);
    else if (publicKey !== null && !records.some((record) => equalBytes(record.publicKey, publicKey)))
      findings.damage('KEY_FILE_FOREIGN', `keys/${name}.seed`, 'no key of its account on the ledger');
  }
}

function keysOf(scratch: Scratch, account: Bytes): AccountKeyRecord[] {
  const range = prefixRange(accountKeyKind as unknown as AnyKind, [account]);
  return scratch.scan(range.lo, range.hi).map(({ value }) => parseState(accountKeyKind, value));
}

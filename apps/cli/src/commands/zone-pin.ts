/** `oppidum zone pin`: tells a device whose orders to obey, once, by hand, at its commissioning; and the fingerprint that people compare. */

import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type OrderState, openOrderState, pinZone, ZONE_FILE } from '@oppidum/device/orders/order-state';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { fingerprintText } from '@oppidum/formats/enrolment';
import { type Envelope, parseEnvelope } from '@oppidum/formats/envelope';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { zoneEnvelopeKind, zoneKeysKind, zoneKind } from '@oppidum/formats/state-orders';
import { checkStatement } from '@oppidum/formats/statement';
import { encodeKeySet, type KeySet, parseKeySet } from '@oppidum/formats/zone-statements';
import type { Command } from 'commander';
import { addExamples, type Cli, counted, idArgument, noPolicyAtHand, openCli, policyAtHand, readFile } from '../cli.ts';
import { fetchRecords } from '../evidence-files.ts';
import { usageFailure } from '../failure.ts';
import { confirm } from '../transactions.ts';

type PinOptions = {
  readonly zone?: string;
  readonly keySet?: string;
  readonly policy?: string;
  readonly fingerprint?: string;
  readonly again?: true;
  readonly yes?: true;
};
/** What would be pinned; `name` where the ledger said it. */
type Found = { readonly keys: KeySet; readonly envelope: Envelope | null; readonly name: string | null };

/** Adds `zone pin`. */
export function buildZonePin(command: Command): void {
  const pin = command
    .command('pin')
    .description('tell a device whose orders to obey: writes the key set of a zone into its folder')
    .argument('<folder>', 'the folder of the device, which is not running')
    .option('--zone <id>', 'the zone; its newest key set is fetched, and proven under the policy', idArgument('--zone'))
    .option('--key-set <file>', 'instead, the bytes of a key set that somebody brought')
    .option('--fingerprint <text>', 'what an engineer of the zone read out; without it you are asked')
    .option('--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)')
    .option('--again', 'also over another pin: whoever ordered the device before does so no more')
    .option('-y, --yes', 'do not ask')
    .action(pinDevice);
  pin.addHelpText(
    'after',
    '\nEngineers read the fingerprint from `oppidum zone show`; compare it by voice, not by what the same network brings.',
  );
  addExamples(pin, [
    ['at commissioning', 'zone pin lamp-17 --zone <id>'],
    ['compared by telephone', 'zone pin lamp-17 --zone <id> --fingerprint "1f3c 90ab …"'],
  ]);
}

/** What people compare of a key set: SHA-256 of its statement, in groups that are read out. */
export function keySetFingerprint(keySet: KeySet): string {
  return fingerprintText(nativeCrypto.sha256(encodeKeySet(keySet)));
}

async function pinDevice(folder: string, options: PinOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  if ((options.zone === undefined) === (options.keySet === undefined))
    throw usageFailure(
      'Whose key set is pinned was not said, or twice',
      'Name the zone with --zone ID, or a file with --key-set FILE',
    );
  const found = options.zone === undefined ? readKeySet(options.keySet as string) : await fetchKeySet(cli, options.zone, options);
  const path = join(folder, ZONE_FILE);
  const before = readBefore(path);
  if (before !== null && before !== 'damaged' && isLevel(before, found)) {
    cli.output.note(`${path} has this zone already, with key set ${before.keys.version}: nothing was changed.`);
    return tell(cli, path, found);
  }
  if (before !== null && options.again !== true)
    throw formatError('ZONE_PINNED', {
      path,
      ...(before === 'damaged' ? {} : { zone: toHex(before.keys.zone), keys: before.keys.version }),
    });
  for (const line of describe(found)) cli.output.note(line);
  await compare(cli, found.keys, options);
  // Above every number that it may have counted to: the city takes none that does not rise.
  const numbered = before === null || before === 'damaged' ? Date.now() : before.numbered;
  await pinZone(path, { keys: found.keys, envelope: found.envelope, numbered });
  tell(cli, path, found);
}

function readKeySet(file: string): Found {
  return { keys: parseKeySet(readFile(file)), envelope: null, name: null };
}

/** The newest key set as the ledger proves it, and the envelope that its keys signed. */
async function fetchKeySet(cli: Cli, id: string, { policy = policyAtHand(cli) }: PinOptions): Promise<Found> {
  if (policy === undefined) throw noPolicyAtHand(', so nothing proves whose keys these are');
  const records = new ProvenRecords(nativeCrypto, readFile(policy), null);
  const zone = parseHex(id);
  const record = records.open(zoneKind, [zone], await fetchRecords(cli, { kind: zoneKind.name, segments: [id] }));
  if (record === null) throw formatError('ZONE_UNKNOWN', { zone: id });
  const at = (kind: string, version: number) => fetchRecords(cli, { kind, segments: [id, String(version)] });
  const keys = records.open(zoneKeysKind, [zone, record.keys], await at(zoneKeysKind.name, record.keys));
  const signed = records.open(zoneEnvelopeKind, [zone, record.envelope], await at(zoneEnvelopeKind.name, record.envelope));
  if (keys === null || signed === null) throw formatError('ZONE_KEYS_UNKNOWN', { version: record.keys });
  const keySet = parseKeySet(keys.statement);
  const refused = checkStatement(nativeCrypto, 'envelope', signed, { keys: keySet.keys, count: keySet.dangerousThreshold });
  if (refused !== null) throw formatError(refused.code, refused.details);
  return { keys: keySet, envelope: parseEnvelope(signed.statement), name: record.name };
}

function readBefore(path: string): OrderState | 'damaged' | null {
  try {
    return openOrderState(path).read();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error.code === 'ZONE_UNPINNED' ? null : 'damaged';
  }
}

/** A device that followed its zone further by itself is not set back. */
function isLevel({ keys: before }: OrderState, { keys }: Found): boolean {
  if (!equalBytes(before.zone, keys.zone) || !equalBytes(before.city, keys.city)) return false;
  return before.version > keys.version || (before.version === keys.version && equalBytes(bytesOf(before), bytesOf(keys)));
}

const bytesOf = (keySet: KeySet): Bytes => encodeKeySet(keySet);

function describe({ keys, name }: Found): readonly string[] {
  const { version, threshold, dangerousThreshold } = keys;
  return [
    `Zone ${name === null ? '' : `“${name}” `}(${toHex(keys.zone)}) of city ${toHex(keys.city)}, key set ${version}:`,
    `${counted(keys.keys.length, 'order key')}, of which ${threshold} must sign an order and ${dangerousThreshold} what is dangerous.`,
    `Its fingerprint: ${keySetFingerprint(keys)}`,
  ];
}

async function compare(cli: Cli, keys: KeySet, options: PinOptions): Promise<void> {
  const mine = keySetFingerprint(keys);
  const digits = (text: string): string => text.toLowerCase().replaceAll(/\s/g, '');
  if (options.fingerprint !== undefined) {
    if (digits(options.fingerprint) !== digits(mine))
      throw formatError('ZONE_FINGERPRINT', { want: options.fingerprint, got: mine });
    return;
  }
  const sentence =
    'From now on the device obeys whoever holds these keys; an engineer of the zone read out this very fingerprint';
  await confirm(cli, { sentence, isDangerous: true }, options);
}

function tell(cli: Cli, path: string, { keys, envelope }: Found): void {
  const fingerprint = keySetFingerprint(keys);
  if (cli.json)
    return cli.output.json({
      file: path,
      zone: toHex(keys.zone),
      keys: keys.version,
      envelope: envelope?.version ?? null,
      fingerprint,
    });
  cli.output.fields([
    ['file', path],
    ['zone', toHex(keys.zone)],
    ['key set', keys.version],
    ['fingerprint', fingerprint],
  ]);
}

/**
 * A bridge: signs for devices that cannot, and says so.
 *
 *   node main.ts run SETTINGS.yaml --api URL --policy FILE --folder DIR [--kind lorawan|modbus|csv]
 *   node main.ts enrol SETTINGS.yaml --api URL --policy FILE --folder DIR --manufacturer ID --account ID --key FILE [--key-number N]
 *
 * Events go to standard error, one JSON object a line; what was enrolled, and the address of a listener, to standard output.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { readSeed } from '@oppidum/device/key-file';
import { parseHex } from '@oppidum/formats/bytes';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import { type Bridge, type Log, openBridge } from './bridge.ts';
import { startCsv } from './csv.ts';
import { enrolBridge } from './enrol-devices.ts';
import { startLorawan } from './lorawan.ts';
import { startModbus } from './modbus.ts';
import { type BridgeSettings, readSettings } from './settings.ts';

const USAGE = 'usage: main.ts run|enrol SETTINGS.yaml --api URL --policy FILE --folder DIR';
const EXIT_USAGE = 2;

type Call = {
  readonly verb: 'run' | 'enrol';
  readonly settings: BridgeSettings;
  readonly api: string;
  readonly policy: Uint8Array;
  readonly folder: string;
};

const log: Log = (event, facts) => {
  process.stderr.write(`${JSON.stringify({ event, ...facts })}\n`);
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(
    ['api', 'policy', 'folder', 'kind', 'manufacturer', 'account', 'key', 'key-number'].map((name) => [
      name,
      { type: 'string' as const },
    ]),
  ),
});

function readCall(): Call | null {
  const [verb, file, ...rest] = positionals;
  const [api, policy, folder] = [values['api'], values['policy'], values['folder']];
  if ((verb !== 'run' && verb !== 'enrol') || file === undefined || rest.length > 0) return null;
  if (typeof api !== 'string' || typeof policy !== 'string' || typeof folder !== 'string') return null;
  if (!api.split(',').every((address) => URL.canParse(address))) return null;
  const settings = readSettings(file);
  if (values['kind'] !== undefined && values['kind'] !== settings.bridge)
    throw formatError('BRIDGE_SETTINGS_INVALID', { at: '/bridge', want: String(values['kind']), got: settings.bridge });
  return { verb, settings, api, policy: new Uint8Array(readFileSync(policy)), folder };
}

function text(name: string): string {
  const value = values[name];
  if (typeof value !== 'string') throw formatError('BRIDGE_SETTINGS_INVALID', { want: `--${name}` });
  return value;
}

async function enrol({ settings, ...call }: Call): Promise<void> {
  const signer = ed25519Signer(readSeed(text('key')));
  const maker = { account: parseHex(text('account'), ID_SIZE), keyNumber: Number(values['key-number'] ?? 0), signer };
  const manufacturer = parseHex(text('manufacturer'), ID_SIZE);
  const names = settings.devices.map(({ name }) => name);
  const ids = await enrolBridge({ ...call, manufacturer, maker, model: settings.model, names });
  for (const [name, id] of ids) process.stdout.write(`${id}\t${name}\tbridge\n`);
}

/** Starts what the settings name; the answers end it, and say when it ends by itself. */
async function start(
  bridge: Bridge,
  settings: BridgeSettings,
): Promise<{ readonly stop: () => Promise<void>; readonly done?: Promise<void> }> {
  if (settings.bridge === 'csv') return startCsv(bridge, settings);
  if (settings.bridge === 'modbus') return startModbus(bridge, settings);
  const listener = await startLorawan(bridge, settings);
  process.stdout.write(`${listener.address}\n`);
  return listener;
}

async function run({ settings, ...call }: Call): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const names = settings.devices.map(({ name }) => name);
  const { clock, whenFull } = settings;
  const bridge = await openBridge({ ...call, clock, names, log, ...(whenFull === undefined ? {} : { whenFull }) });
  try {
    const { stop, done } = await start(bridge, settings);
    log('started', { bridge: settings.bridge, devices: names.length });
    await Promise.race([stopped, ...(done === undefined ? [] : [done])]);
    await stop();
  } finally {
    await bridge.close();
  }
}

try {
  const call = readCall();
  if (call === null) {
    process.stderr.write(`${USAGE}\n`);
    process.exitCode = EXIT_USAGE;
  } else await (call.verb === 'enrol' ? enrol(call) : run(call));
} catch (error) {
  if (!(error instanceof FormatError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = ERRORS[error.code].exitCode;
}

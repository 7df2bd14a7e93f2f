/**
 * RSMP commands as orders (specs/signals.md §9). A command request has no authority of its own: it becomes the command of an order, which
 * people sign and the city issues. Its security code is read by nobody.
 */

import type { Command } from '@oppidum/formats/command';
import { type Rejection, reject } from '@oppidum/formats/errors';
import type { Json } from '@oppidum/formats/schema';

type Arguments = ReadonlyMap<string, string>;

/** The commands that there are, by their code and name. */
const COMMANDS: Readonly<Record<string, (given: Arguments) => Command | Rejection>> = {
  'M0001 setValue'(given) {
    const status = given.get('status');
    if (status === 'YellowFlash') return { command: 'signal/flash', arguments: [] };
    if (status === 'NormalControl') return { command: 'signal/automatic', arguments: [] };
    return reject(status === 'Dark' ? 'RSMP_REFUSED' : 'RSMP_INVALID', { command: 'M0001', status: `${status}` });
  },
  'M0002 setPlan': (given) => readPlan('M0002', given.get('status'), given.get('timeplan')),
  'M0005 setEmergency': (given) => readPlan('M0005', given.get('status'), given.get('emergencyroute')),
};

function readPlan(command: string, status: string | undefined, plan: string | undefined): Command | Rejection {
  if (status === 'False') return { command: 'signal/automatic', arguments: [] };
  const isPlan = plan !== undefined && /^[1-9][0-9]{0,2}$/.test(plan) && Number(plan) <= 255;
  if (status !== 'True' || !isPlan) return reject('RSMP_INVALID', { command, status: `${status}`, plan: `${plan}` });
  return { command: 'signal/plan', arguments: [Number(plan)] };
}

type Row = { readonly cCI: string; readonly cO: string; readonly n: string; readonly v: string };

/** Reads a CommandRequest of one command. Refuses RSMP_INVALID, and RSMP_REFUSED for commands that set lamps, inputs, times or detectors. */
export function readRsmpCommand(message: Json): Command | Rejection {
  const rows = readRows(message);
  const [first] = rows;
  if (first === undefined) return reject('RSMP_INVALID', { want: 'CommandRequest' });
  const { cCI, cO } = first;
  if (rows.some((row) => row.cCI !== cCI || row.cO !== cO)) return reject('RSMP_INVALID', { want: 'one command' });
  const given = new Map(rows.map(({ n, v }) => [n, v]));
  if (given.size !== rows.length) return reject('RSMP_INVALID', { want: 'each argument once' });
  const key = `${cCI} ${cO}`;
  const read = Object.hasOwn(COMMANDS, key) ? COMMANDS[key] : undefined;
  return read === undefined ? reject('RSMP_REFUSED', { command: cCI }) : read(given);
}

function readRows(message: Json): readonly Row[] {
  const { type, arg } = asObject(message);
  if (type !== 'CommandRequest' || !Array.isArray(arg) || arg.length > 16) return [];
  const rows = arg.map((row: Json) => {
    const { cCI, cO, n, v } = asObject(row);
    return [cCI, cO, n, v].every((field) => typeof field === 'string') ? ({ cCI, cO, n, v } as Row) : null;
  });
  return rows.every((row) => row !== null) ? rows : [];
}

function asObject(json: Json): Readonly<Record<string, Json>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Readonly<Record<string, Json>>) : {};
}

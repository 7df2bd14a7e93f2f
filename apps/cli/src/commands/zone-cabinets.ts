/** `oppidum zone cabinets`: what a lighting zone took and saved, and whether its lamps explain it. */

import type { CabinetAccountJson, CabinetAccountsJson } from '@oppidum/gateway/api/cabinets';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, formatTime, idArgument, openCli, shortId } from '../cli.ts';
import { timeOption } from '../lists.ts';
import type { Column } from '../output.ts';

type Span = { readonly from?: number; readonly to?: number };

const COLUMNS: readonly Column<CabinetAccountJson>[] = [
  { heading: 'cabinet', text: ({ name }) => name },
  { heading: 'lamps', text: ({ lampCount }) => String(lampCount) },
  { heading: 'took kWh', text: ({ measuredKwh }) => measuredKwh.toFixed(3) },
  { heading: 'undimmed', text: ({ undimmedKwh }) => undimmedKwh.toFixed(3) },
  { heading: 'saved', text: ({ savedPercent }) => (savedPercent === null ? '' : `${savedPercent.toFixed(1)} %`) },
  {
    heading: 'residual',
    text: ({ account }) => (account === null ? 'unknown' : `${account.residualW} ± ${account.uncertaintyW} W`),
  },
];

/** Adds the command. */
export function buildCabinets(command: Command): void {
  const cabinets = command
    .command('cabinets')
    .description('what each cabinet of a lighting zone took and saved, dead lamps, and power that no lamp explains')
    .argument('<id>', 'id of the zone', idArgument('the id'))
    .option('--from <time>', 'from this time on (RFC 3339; default: three hours before the end)', timeOption)
    .option('--to <time>', 'before this time (RFC 3339; default: now), a day later at most', timeOption)
    .action(showCabinets);
  addExamples(cabinets, [['last night', 'zone cabinets <id> --from 2026-11-26T18:00:00Z --to 2026-11-27T06:00:00Z']]);
}

async function showCabinets(id: string, span: Span, self: Command): Promise<void> {
  const cli = openCli(self);
  const accounts = await fetchAll(new CityCalls(cli.api), id, span);
  if (cli.json) {
    cli.output.json(accounts);
    return;
  }
  const { items } = accounts;
  cli.output.table(items, COLUMNS);
  const [first] = items;
  if (first !== undefined)
    cli.output.note(
      `From ${formatTime(first.fromMs)} to ${formatTime(first.toMs)}, by version ${accounts.version} of the document cabinets.`,
    );
  for (const item of items) for (const line of findingsOf(item)) cli.output.note(`${item.name}: ${line}`);
}

/** Page by page: a zone of many lamps comes in several. */
async function fetchAll(calls: CityCalls, id: string, span: Span): Promise<CabinetAccountsJson> {
  const path = `/api/v1/zones/${id}/cabinets`;
  let all = await calls.get<CabinetAccountsJson>(path, { ...span });
  while (all.next !== null) {
    const more = await calls.get<CabinetAccountsJson>(path, { ...span, after: all.next });
    // Another document counts its cabinets anew.
    if (more.version !== all.version) return fetchAll(calls, id, span);
    all = { ...more, items: [...all.items, ...more.items] };
  }
  return all;
}

/** What was found, or why nothing can be. */
function findingsOf({ account, intervalCount }: CabinetAccountJson): readonly string[] {
  if (intervalCount === 0) return ['meter or lamps were silent: nothing is known'];
  if (account === null) return ['levels changed all the time: not judged'];
  const { dead, stolen, unexplained, hidden } = account;
  const found = [
    ...dead.map(({ count, lamps }) =>
      count === lamps.length
        ? `dead: ${lamps.map(shortId).join(', ')}`
        : `${count} of ${lamps.length} lamps that do the same ${count === 1 ? 'is' : 'are'} dead (${lamps.map(shortId).join(', ')})`,
    ),
    ...stolen.map(
      ({ powerW, uncertaintyW, fromMs, toMs }) =>
        `${powerW} ± ${uncertaintyW} W go where no lamp is, from ${formatTime(fromMs)} to ${formatTime(toMs)}`,
    ),
    ...(unexplained ? ['something is left that no finding explains'] : []),
  ];
  const bounds = `up to ${hidden.stolenW} W all the time and ${hidden.deadLamps} dead lamps could hide in the bounds`;
  return found.length > 0 ? found : [`nothing wrong was found; ${bounds}`];
}

/** Lists of the API as tables, JSON or lines: pages are followed until there are enough. */

import type { Command } from 'commander';
import { CityCalls } from './api.ts';
import { type Cli, wholeNumber } from './cli.ts';
import { usageFailure } from './failure.ts';
import type { Column } from './output.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100_000;
/** Items of one page of the API. */
const PAGE_MAX = 100;

export type ListOptions = { readonly limit: number; readonly cursor?: string };
type Page<T> = { readonly items: readonly T[]; readonly next: string | null };
type Query = Readonly<Record<string, string | number | undefined>>;

/** Adds the options of every list. */
export function addListOptions(command: Command): Command {
  return command
    .option('-n, --limit <count>', 'at most so many', wholeNumber('--limit', 1, LIMIT_MAX), LIMIT_DEFAULT)
    .option('--cursor <cursor>', 'continue where another list ended');
}

/** Prints a list of the API. JSON: `{items, next}` as the API has it. */
export async function printList<T>(
  cli: Cli,
  path: string,
  options: ListOptions,
  columns: readonly Column<T>[],
  query: Query = {},
): Promise<void> {
  const { items, next } = await readList<T>(cli, path, options, query);
  if (cli.json) {
    cli.output.json({ items, next });
    return;
  }
  if (items.length === 0) cli.output.note('None.');
  else cli.output.table(items, columns);
  if (next !== null) cli.output.note(`There are more: --limit ${options.limit} --cursor ${next}`);
}

async function readList<T>(cli: Cli, path: string, { limit, cursor }: ListOptions, query: Query): Promise<Page<T>> {
  const city = new CityCalls(cli.api);
  const items: T[] = [];
  let next: string | null = cursor ?? null;
  do {
    const count = Math.min(PAGE_MAX, limit - items.length);
    const page: Page<T> = await city.get<Page<T>>(path, { ...query, limit: count, cursor: next ?? undefined });
    items.push(...page.items);
    next = page.next;
    // A list of empty pages would have no end: whoever asked is told where it goes on.
    if (page.items.length === 0) break;
  } while (next !== null && items.length < limit);
  return { items, next };
}

/** Reads a time for a query: RFC 3339, or milliseconds since 1970. */
export function timeOption(text: string): number {
  const timeMs = /^[0-9]+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(timeMs)) throw usageFailure(`${text} is no time`, 'Write it as 2026-11-25T10:00:00Z');
  return timeMs;
}

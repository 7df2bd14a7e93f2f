/** `oppidum block list|show`: blocks of the ledger and the transactions in them. */

import type { BlockDetailJson, BlockJson, TransactionJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, formatTime, openCli, shortId, wholeNumber } from '../cli.ts';
import { addListOptions, type ListOptions, printList } from '../lists.ts';
import type { Column } from '../output.ts';

const COLUMNS: readonly Column<BlockJson>[] = [
  { heading: 'height', text: ({ height }) => String(height) },
  { heading: 'time', text: ({ timeMs }) => formatTime(timeMs) },
  { heading: 'transactions', text: ({ transactionCount }) => String(transactionCount) },
  { heading: 'log size', text: ({ logSize }) => String(logSize) },
  { heading: 'app hash', text: ({ appHash }) => shortId(appHash) },
];

const TRANSACTIONS: readonly Column<TransactionJson>[] = [
  { heading: 'transaction', text: ({ id }) => id },
  { heading: 'result', text: ({ code }) => code },
  { heading: 'actions', text: ({ kinds }) => kinds.join(', ') },
];

/** Adds subcommands and their work to the command. */
export function buildBlock(command: Command): void {
  const list = addListOptions(command.command('list').description('list blocks, newest first')).action(
    async (options: ListOptions, self: Command) => printList(openCli(self), '/api/v1/blocks', options, COLUMNS),
  );
  addExamples(list, [['the newest ten', 'block list --limit 10']]);
  const show = command
    .command('show')
    .description('show one block and its transactions')
    .argument('<height>', 'height of the block', wholeNumber('the height', 0, Number.MAX_SAFE_INTEGER))
    .action(showBlock);
  addExamples(show, [['the block after genesis', 'block show 1']]);
}

async function showBlock(height: number, _options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const block = await new CityCalls(cli.api).get<BlockDetailJson>(`/api/v1/blocks/${height}`);
  if (cli.json) {
    cli.output.json(block);
    return;
  }
  cli.output.fields([
    ['block', block.height],
    ['time', formatTime(block.timeMs)],
    ['leaves', `from ${block.firstIndex}, log size ${block.logSize} after it`],
    ['state root', block.stateRoot ?? 'unchanged'],
    ['app hash', block.appHash],
    ['transactions', block.transactionCount],
  ]);
  if (block.transactions.length > 0) cli.output.table(block.transactions, TRANSACTIONS);
}

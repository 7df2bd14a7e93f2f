/** `oppidum order watch`: orders as they change, and the question whether to approve each that waits. */

import { describeCommand } from '@oppidum/formats/order-words';
import type { OrderJson } from '@oppidum/gateway/api/orders';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { type Cli, counted, openCli, shortId } from '../cli.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { printable, printFailure } from '../output.ts';
import { approve } from './order-acts.ts';

type WatchOptions = {
  readonly zone?: string;
  readonly approveWith?: string;
  readonly passphraseFile?: string;
  readonly key?: string;
  readonly account?: string;
};
type Page = { readonly items: readonly OrderJson[] };

const LOOK_MS = 500;
const SHOWN_COUNT = 100;

/** Runs until it is interrupted. */
export async function watchOrders(options: WatchOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  if (options.approveWith !== undefined && !cli.mayAsk)
    throw usageFailure(
      'Approving asks about each order, and nobody can be asked here',
      'Approve one order with `order approve ID --order-key FILE`',
    );
  const city = new CityCalls(cli.api);
  const known = new Map<string, string>();
  const asked = new Set<string>();
  cli.output.note('Watching orders; end with Ctrl-C.');
  for (;;) {
    const { items } = await city.get<Page>('/api/v1/orders', { zone: options.zone, limit: SHOWN_COUNT });
    for (const order of [...items].reverse()) {
      const now = `${order.state} ${order.signers.length} ${order.appliedCount} ${order.rejectedCount}`;
      if (known.get(order.id) !== now) show(cli, order);
      known.set(order.id, now);
      if (order.state !== 'awaiting' || options.approveWith === undefined || asked.has(order.id)) continue;
      asked.add(order.id);
      await approveIfWanted(cli, order.id, options);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function show({ output, json, plain }: Cli, order: OrderJson): void {
  if (json) return output.jsonLine(order);
  const whom = order.device === null ? counted(order.deviceCount, 'device') : shortId(order.device);
  const counts = order.device === null ? [`${order.appliedCount} applied`, `${order.rejectedCount} rejected`] : [];
  const signed = order.state === 'awaiting' ? [`${order.signers.length} of ${order.needed} keys`] : [];
  output.line(
    [shortId(order.id), order.state, printable(describeCommand(order)), whom, ...signed, ...counts].join(plain ? '\t' : '  '),
  );
}

/** A no, or an order that is over by now, ends nothing; of one that others decide meanwhile nobody is asked any longer. */
async function approveIfWanted(cli: Cli, id: string, { approveWith, ...options }: WatchOptions): Promise<void> {
  const asking = new AbortController();
  const stop = new AbortController();
  void abortWhenOver(cli, id, asking, stop.signal);
  try {
    await approve({ ...cli, mayAsk: true }, id, {
      ...options,
      keyNumber: 0,
      orderKey: [approveWith as string],
      asks: asking.signal,
    });
  } catch (error) {
    if (asking.signal.aborted) return cli.output.note(`\nOrder ${shortId(id)} waits for nobody any more.`);
    if (!(error instanceof CliFailure) && !(error instanceof Error && 'code' in error)) throw error;
    printFailure(error, cli);
  } finally {
    stop.abort();
  }
}

async function abortWhenOver(cli: Cli, id: string, asking: AbortController, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    // A city that is away says nothing: the question stays.
    const order = await new CityCalls(cli.api).get<OrderJson>(`/api/v1/orders/${id}`).catch(() => null);
    if (order !== null && order.state !== 'awaiting' && !stop.aborted) return asking.abort();
  }
}

/** Prometheus metrics: base units, and never an id of a device, account or reading as a label. */

import { erasureKind } from '@oppidum/formats/state-erasure';
import { type AnyKind, parseState, prefixRange } from '@oppidum/formats/state-layout';
import type { NodeClient } from '@oppidum/node/client';
import type { IngestAnswer, TelemetryClient } from '@oppidum/telemetry/client';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { ReadModelLag } from './read-model/read-model.ts';
import type { ReportOutcome } from './report-desk.ts';

const ALL_ERASURES = prefixRange(erasureKind as unknown as AnyKind, []);

/** What is measured; `readings` and `transactions` are counted by the doors, the rest is asked for at each scrape. */
export type GatewayMetrics = {
  readonly contentType: string;
  /** The text of /metrics. */
  readonly render: () => Promise<string>;
  readonly countReading: (door: 'http' | 'mqtt', outcome: IngestAnswer['kind'], count?: number) => void;
  readonly countTransaction: (code: string) => void;
  readonly countRefusedRequest: (code: string) => void;
  readonly countReport: (outcome: ReportOutcome) => void;
};

export type MetricsOptions = {
  readonly node: NodeClient;
  readonly shards: readonly TelemetryClient[];
  readonly lag: () => ReadModelLag;
  /** True once the read model follows no more. */
  readonly hasFailed: () => boolean;
  readonly mqttConnectionCount: () => number;
  /** Of the account that carries what devices report: reports that are left in this minute. */
  readonly reportsLeft: () => number;
  /** The broker from which readings are taken, and whether we are subscribed there; null without one. */
  readonly broker: () => { readonly host: string; readonly isOpen: boolean } | null;
};

/** Makes the metrics of one gateway in a register of their own. */
export function makeMetrics(options: MetricsOptions): GatewayMetrics {
  const { node, shards, lag, hasFailed, mqttConnectionCount, broker } = options;
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const readings = new Counter({
    name: 'oppidum_readings_total',
    help: 'Readings that came in, by door and by what became of them',
    labelNames: ['door', 'outcome'] as const,
    registers,
  });
  const transactions = new Counter({
    name: 'oppidum_transactions_total',
    help: 'Transactions submitted here, by result code',
    labelNames: ['code'] as const,
    registers,
  });
  const refused = new Counter({
    name: 'oppidum_requests_refused_total',
    help: 'Requests and packets answered with a problem, by code',
    labelNames: ['code'] as const,
    registers,
  });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  gauge('oppidum_block_height', 'Height of the last durable block', () => node.head().height);
  gauge('oppidum_block_time_seconds', 'Time of the last durable block, seconds since 1970', () => node.head().timeMs / 1_000);
  gauge('oppidum_log_size', 'Leaves of the block log', () => node.head().logSize);
  gauge('oppidum_checkpoint_size', 'Leaves under the newest published checkpoint', () => node.checkpoint()?.size ?? 0);
  gauge('oppidum_shard_size', 'Entries of all shards', () => sum(shards.map((shard) => shard.status().size)));
  new Gauge({
    name: 'oppidum_shard_accepts',
    help: 'Whether a shard takes readings now: 1 or 0',
    labelNames: ['shard'] as const,
    registers,
    collect() {
      for (const shard of shards) this.set({ shard: String(shard.status().number) }, shard.accepts() ? 1 : 0);
    },
  });
  gauge('oppidum_shard_unanchored', 'Entries that no anchor covers yet', () =>
    sum(shards.map((shard) => shard.status().size - (shard.status().anchored?.size ?? 0))),
  );
  gauge('oppidum_read_model_behind_blocks', 'Blocks that the read model has not followed', () => lag().blocks);
  gauge('oppidum_read_model_behind_readings', 'Readings that the read model has not followed', () => lag().readings);
  gauge('oppidum_read_model_failed', 'Whether the read model stopped following: 1 or 0', () => (hasFailed() ? 1 : 0));
  gauge('oppidum_mqtt_connections', 'Open MQTT connections', mqttConnectionCount);
  gauge('oppidum_device_reports_left', 'Reports of devices that are carried yet in this minute', options.reportsLeft);
  addBroker(registers, broker);
  addErasures(registers, node);
  return {
    contentType: register.contentType,
    render: () => register.metrics(),
    countReading: (door, outcome, count = 1) => readings.inc({ door, outcome }, count),
    countTransaction: (code) => transactions.inc({ code }),
    countRefusedRequest: (code) => refused.inc({ code }),
    countReport: addReports(registers),
  };
}

function addReports(registers: Registry[]): GatewayMetrics['countReport'] {
  const reports = new Counter({
    name: 'oppidum_device_reports_total',
    help: 'Reports of devices without an account, by what became of them',
    labelNames: ['outcome'] as const,
    registers,
  });
  return (outcome) => reports.inc({ outcome });
}

function addBroker(registers: Registry[], broker: MetricsOptions['broker']): void {
  new Gauge({
    name: 'oppidum_mqtt_broker_connected',
    help: 'Whether readings come by way of the broker that was named: 1 or 0',
    labelNames: ['broker'] as const,
    registers,
    collect() {
      const named = broker();
      if (named !== null) this.set({ broker: named.host }, named.isOpen ? 1 : 0);
    },
  });
}

/** Counted anew for each scrape: erasures are few, and none may be missed. */
function addErasures(registers: Registry[], node: Pick<NodeClient, 'scan'>): void {
  new Counter({
    name: 'oppidum_readings_erased_total',
    help: 'Readings whose key was destroyed, as the ledger records it',
    registers,
    collect() {
      this.reset();
      for (const { value } of node.scan(ALL_ERASURES)) this.inc(parseState(erasureKind, value).count);
    },
  });
}

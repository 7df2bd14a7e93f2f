/** The gateway over a running city: its read model, then its doors; closed in the opposite order. */

import { randomBytes } from 'node:crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import type { Registry } from '@oppidum/ledger/action';
import type { NodeClient } from '@oppidum/node/client';
import type { TelemetryClient } from '@oppidum/telemetry/client';
import type { Logger } from 'pino';
import { Access } from './access/access.ts';
import { AnswerStore } from './access/answer-store.ts';
import { openAccessDatabase } from './access/key-store.ts';
import type { Anonymous } from './access/principal.ts';
import { AlarmWatch } from './alarms/alarm-watch.ts';
import { CabinetWatch } from './alarms/cabinet-watch.ts';
import { AttackDesk, type AttackDeskOptions } from './attack-desk.ts';
import { BrokerLink, type BrokerOptions } from './broker-link.ts';
import type { GatewayContext } from './gateway-context.ts';
import { type App, buildApp, type HttpOptions } from './http/app.ts';
import { Intake } from './intake.ts';
import { LISTEN_BACKLOG, portTaken } from './listen.ts';
import { type GatewayMetrics, makeMetrics } from './metrics.ts';
import { type MqttDoor, type MqttOptions, openMqtt } from './mqtt.ts';
import type { MqttLimits } from './mqtt-limits.ts';
import { readServerIdentity } from './mqtt-tls.ts';
import { OrderDesk } from './orders/order-desk.ts';
import { deleteReadModel, ReadModel } from './read-model/read-model.ts';
import { ReportBudget } from './report-budget.ts';
import { ReportDesk } from './report-desk.ts';
import { TamperDesk } from './tamper-desk.ts';

export type GatewayOptions = {
  readonly crypto: Crypto;
  readonly registry: Registry;
  readonly node: NodeClient;
  readonly shards: readonly TelemetryClient[];
  /** The account that carries to the ledger what devices report of themselves; without it, none does here. */
  readonly carrier?: TransactionSigner | null;
  /** The city's name and the bytes of its genesis document. */
  readonly name: string;
  readonly genesisFile: Bytes;
  /** Tiles of the block log. */
  readonly logFolder: string;
  /** Evidence of changes of policy. */
  readonly policiesFolder: string;
  /** Folder of built pages. */
  readonly pages?: string | undefined;
  /** File of GeoJSON below the devices. */
  readonly map?: string | undefined;
  /** Data folder of a demo city, whose visitors may alter copies of it; none without it. */
  readonly tamperData?: string | undefined;
  /** Of a demo city: the program that carries out attacks, and the data folder below which it leaves files; no attack desk without it. */
  readonly attacks?: Omit<AttackDeskOptions, 'logger'> | undefined;
  /** Of the read model. */
  readonly folder: string;
  /** Of API keys and the log of access. */
  readonly accessFolder: string;
  readonly logger: Logger;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly mqttPort: number;
  /** MQTT by TLS, with a certificate from these files or one that is made and kept at `file`. */
  readonly mqttTls?: {
    readonly port: number;
    readonly file: string;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
  readonly mqttLimits?: MqttLimits;
  /** A broker from which readings are taken, too. */
  readonly broker?: Omit<BrokerOptions, 'folder'>;
  readonly hosts?: readonly string[];
  /** Who may read without a key what is not about people; who is on this machine unless told. */
  readonly anonymous?: Anonymous;
  /** Requests a minute of one principal: reads, writes, evidence. */
  readonly requestsPerMinute?: number;
  readonly writesPerMinute?: number;
  readonly evidencePerMinute?: number;
  /** Reports of devices a minute that the carrier pays for. */
  readonly reportsPerMinute?: number;
  /** How long a request for evidence waits for the checkpoint above it. */
  readonly evidenceWaitMs?: number;
  /** Milliseconds since 1970, for keys. */
  readonly clock?: () => number;
  /** Milliseconds of a clock that only rises, for the budget of reports. */
  readonly now?: () => number;
  readonly headTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** Fill the read model anew. */
  readonly reindex?: boolean;
};

/** An open gateway. */
export type Gateway = {
  readonly http: string;
  readonly mqtt: string;
  /** Null where MQTT is not served by TLS. */
  readonly mqtts: string | null;
  readonly app: App;
  readonly readModel: ReadModel;
  readonly access: Access;
  readonly orders: OrderDesk;
  readonly alarms: AlarmWatch;
  /** Null where the city has none. */
  readonly tamperDesk: TamperDesk | null;
  readonly close: () => Promise<void>;
};

const REQUESTS_PER_MINUTE = 60_000;
/** Making evidence takes milliseconds, answering most else fractions of one. */
const EVIDENCE_PER_MINUTE = 12_000;
/** 10,000 devices of one model have all reported within 40 minutes; blocks have room for as much in a second. */
const REPORTS_PER_MINUTE = 600;
/** Checkpoints come four times a second; one that is so late waits for somebody. */
const EVIDENCE_WAIT_MS = 10_000;

/** Opens read model, HTTP and MQTT. Throws PORT_TAKEN; nothing stays open then. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { crypto, registry, node, shards, name, genesisFile, logFolder, policiesFolder, logger } = options;
  if (options.reindex === true) deleteReadModel(options.folder);
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closeNext of closers.splice(0).reverse()) await closeNext();
  };
  try {
    const readModel = await openReadModel(options);
    closers.push(() => readModel.close());
    const { access, answers } = openAccess(options);
    closers.push(async () => access.close());
    const budget = openBudget(options);
    let mqtt: MqttDoor | null = null;
    let broker: BrokerLink | null = null;
    const metrics = makeMetrics({
      ...{ node, shards, reportsLeft: () => budget.left() },
      lag: () => readModel.lag(),
      hasFailed: () => readModel.hasFailed,
      mqttConnectionCount: () => mqtt?.connectionCount() ?? 0,
      broker: () => (broker === null ? null : { host: broker.host, isOpen: broker.isOpen }),
    });
    const mqttAddress = (): Pick<MqttDoor, 'host' | 'port' | 'tls'> | null =>
      mqtt === null ? null : { host: mqtt.host, port: mqtt.port, tls: mqtt.tls };
    const { tamperDesk, attackDesk } = await openDesks(options);
    closers.push(async () => void (await Promise.all([tamperDesk?.clear(), attackDesk?.clear()])));
    const orders = openOrders(options, readModel);
    closers.push(async () => orders.stop());
    const context: GatewayContext = {
      crypto,
      access,
      answers,
      registry,
      node,
      shards,
      intake: new Intake({ crypto, node, shards }),
      orders,
      reports: openReports(options, budget, metrics),
      name,
      genesisFile,
      logFolder,
      policiesFolder,
      pagesFolder: options.pages ?? null,
      mapFile: options.map ?? null,
      tamperDesk,
      attackDesk,
      logger,
      readModel,
      evidenceWaitMs: options.evidenceWaitMs ?? EVIDENCE_WAIT_MS,
      metrics,
      mqttAddress,
    };
    const app = await buildApp(context, httpOptions(options));
    closers.push(() => app.close());
    mqtt = await openMqtt(context, await mqttOptions(options));
    closers.push(mqtt.close);
    if (options.broker !== undefined) {
      broker = new BrokerLink(context, { ...options.broker, folder: options.folder });
      broker.start();
      closers.push(() => (broker as BrokerLink).stop());
    }
    orders.start();
    const alarms = openAlarms(options, readModel, closers);
    const http = await listenHttp(app, options);
    return { http, ...mqttUrls(mqtt), app, readModel, access, orders, alarms, tamperDesk, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function openReadModel({ folder, crypto, node, shards, logger }: GatewayOptions): Promise<ReadModel> {
  const onFailure = ({ message, stack }: Error): void =>
    logger.error({ error: { message, stack } }, 'the read model stopped: its answers grow old until a restart');
  return ReadModel.open({ folder, crypto, node, shards, onFailure });
}

function openOrders({ folder, crypto, node, logger }: GatewayOptions, readModel: ReadModel): OrderDesk {
  return new OrderDesk({ folder, crypto, node, readModel, logger, clock: Date.now, now: () => performance.now() });
}

function openBudget({
  reportsPerMinute: perMinute = REPORTS_PER_MINUTE,
  now = () => performance.now(),
}: GatewayOptions): ReportBudget {
  return new ReportBudget({ perMinute, now });
}

function openReports(
  { crypto, registry, node, carrier = null }: GatewayOptions,
  budget: ReportBudget,
  { countReport: count }: Pick<GatewayMetrics, 'countReport'>,
): ReportDesk {
  const freshBytes = (size: number): Bytes => new Uint8Array(randomBytes(size));
  return new ReportDesk({ crypto, registry, node, carrier, randomBytes: freshBytes, clock: Date.now, budget, count });
}

function openAlarms(
  { node, shards, logger }: GatewayOptions,
  readModel: ReadModel,
  closers: (() => Promise<void>)[],
): AlarmWatch {
  const alarms = new AlarmWatch({ node, shards, readModel, logger, clock: Date.now });
  const cabinets = new CabinetWatch({ node, readModel, logger, clock: Date.now });
  alarms.start();
  cabinets.start();
  closers.push(() => alarms.stop());
  closers.push(() => cabinets.stop());
  return alarms;
}

/** Throws PORT_TAKEN. */
function listenHttp(app: App, { host, port }: GatewayOptions): Promise<string> {
  return app.listen({ host, port, backlog: LISTEN_BACKLOG }).catch((error: Error) => {
    throw portTaken(error, { host, port });
  });
}

async function openDesks({
  tamperData,
  attacks,
  logger,
}: GatewayOptions): Promise<Pick<GatewayContext, 'tamperDesk' | 'attackDesk'>> {
  return {
    tamperDesk: tamperData === undefined ? null : await TamperDesk.open({ data: tamperData, logger }),
    attackDesk: attacks === undefined ? null : await AttackDesk.open({ ...attacks, logger }),
  };
}

function openAccess({ accessFolder, anonymous = 'here', clock = Date.now, logger }: GatewayOptions): {
  readonly access: Access;
  readonly answers: AnswerStore;
} {
  const database = openAccessDatabase(accessFolder);
  const access = new Access({
    database,
    anonymous,
    clock,
    randomBytes: (size) => new Uint8Array(randomBytes(size)),
    onWriteFailure: (error) => logger.error({ error: { message: error.message } }, 'times of last use of keys were not written'),
  });
  return { access, answers: new AnswerStore(database, clock) };
}

function httpOptions(options: GatewayOptions): HttpOptions {
  const { host, hosts = [], headTimeoutMs, requestTimeoutMs, requestsPerMinute = REQUESTS_PER_MINUTE } = options;
  const { writesPerMinute = requestsPerMinute, evidencePerMinute = EVIDENCE_PER_MINUTE } = options;
  return {
    host,
    hosts,
    budgets: { reads: requestsPerMinute, writes: writesPerMinute, evidence: evidencePerMinute },
    ...(headTimeoutMs === undefined ? {} : { headTimeoutMs }),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
  };
}

async function mqttOptions({ host, mqttPort, mqttTls, mqttLimits, name }: GatewayOptions): Promise<MqttOptions> {
  return {
    ...{ host, port: mqttPort },
    ...(mqttTls === undefined
      ? {}
      : { tls: { port: mqttTls.port, identity: await readServerIdentity({ ...mqttTls, name, host }) } }),
    ...(mqttLimits === undefined ? {} : { limits: mqttLimits }),
  };
}

function mqttUrls({ host, port, tls }: MqttDoor): Pick<Gateway, 'mqtt' | 'mqtts'> {
  return { mqtt: `mqtt://${urlHost(host)}:${port}`, mqtts: tls === null ? null : `mqtts://${urlHost(host)}:${tls.port}` };
}

function urlHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

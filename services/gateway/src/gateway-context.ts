/** What every door of the gateway has at hand. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Registry } from '@oppidum/ledger/action';
import type { NodeClient } from '@oppidum/node/client';
import type { TelemetryClient } from '@oppidum/telemetry/client';
import type { Logger } from 'pino';
import type { Access } from './access/access.ts';
import type { AnswerStore } from './access/answer-store.ts';
import type { AttackDesk } from './attack-desk.ts';
import type { Intake } from './intake.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { MqttDoor } from './mqtt.ts';
import type { OrderDesk } from './orders/order-desk.ts';
import type { ReadModel } from './read-model/read-model.ts';
import type { ReportDesk } from './report-desk.ts';
import type { TamperDesk } from './tamper-desk.ts';

export type GatewayContext = {
  readonly crypto: Crypto;
  /** Who may do what; see access/access.ts. */
  readonly access: Access;
  /** First answers to requests that are sent again. */
  readonly answers: AnswerStore;
  /** Shapes of actions, for showing them. */
  readonly registry: Registry;
  /** The city's name, from its genesis document. */
  readonly name: string;
  /** Bytes of genesis.cbor. */
  readonly genesisFile: Bytes;
  readonly node: NodeClient;
  /** The folder of the block log's tiles. */
  readonly logFolder: string;
  /** The folder of the evidence of changes of policy. */
  readonly policiesFolder: string;
  /** The folder of built pages, or null. */
  readonly pagesFolder: string | null;
  /** GeoJSON below the devices, or null. */
  readonly mapFile: string | null;
  readonly shards: readonly TelemetryClient[];
  /** Which of them gets a reading. */
  readonly intake: Intake;
  /** Challenges of devices, and orders on their way. */
  readonly orders: OrderDesk;
  /** Carries what devices report of themselves. */
  readonly reports: ReportDesk;
  readonly readModel: ReadModel;
  /** How long whoever asks for evidence waits for the checkpoint above it. */
  readonly evidenceWaitMs: number;
  /** Of a demo city; null in any other. */
  readonly tamperDesk: TamperDesk | null;
  readonly attackDesk: AttackDesk | null;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
  /** Where MQTT listens, or null. */
  readonly mqttAddress: () => Pick<MqttDoor, 'host' | 'port' | 'tls'> | null;
};

/** The version that the API, the CLI and the packages share. */
export const VERSION = '0.1.0';

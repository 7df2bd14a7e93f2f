/** The gateway over a running city: its read model, then its doors; closed in the opposite order. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Registry } from '@oppidum/ledger/action';
import type { NodeClient } from '@oppidum/node/client';
import type { TelemetryClient } from '@oppidum/telemetry/client';
import type { Logger } from 'pino';
import { Access } from './access/access.ts';
import type { GatewayContext } from './gateway-context.ts';
import { type App, buildApp } from './http/app.ts';
import { Intake } from './intake.ts';
import { portTaken } from './listen.ts';
import { makeMetrics } from './metrics.ts';
import { type MqttDoor, openMqtt } from './mqtt.ts';
import { deleteReadModel, ReadModel } from './read-model/read-model.ts';

export type GatewayOptions = {
  readonly crypto: Crypto;
  readonly registry: Registry;
  readonly node: NodeClient;
  readonly shards: readonly TelemetryClient[];
  /** The city's name and the bytes of its genesis document. */
  readonly name: string;
  readonly genesisFile: Bytes;
  /** Tiles of the block log. */
  readonly logFolder: string;
  /** Evidence of changes of policy. */
  readonly policiesFolder: string;
  /** Folder of built pages. */
  readonly pages?: string | undefined;
  /** Of the read model. */
  readonly folder: string;
  readonly logger: Logger;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly mqttPort: number;
  readonly hosts?: readonly string[];
  readonly requestsPerMinute?: number;
  /** Fill the read model anew. */
  readonly reindex?: boolean;
};

/** An open gateway. */
export type Gateway = {
  readonly http: string;
  readonly mqtt: string;
  readonly app: App;
  readonly readModel: ReadModel;
  readonly close: () => Promise<void>;
};

const REQUESTS_PER_MINUTE = 60_000;

/** Opens read model, HTTP and MQTT. Throws PORT_TAKEN; nothing stays open then. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { crypto, registry, node, shards, name, genesisFile, logFolder, policiesFolder, logger, host, port } = options;
  if (options.reindex === true) deleteReadModel(options.folder);
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closeNext of closers.splice(0).reverse()) await closeNext();
  };
  try {
    const onFailure = (error: Error): void =>
      logger.error(
        { error: { message: error.message, stack: error.stack } },
        'the read model stopped: its answers grow old until a restart',
      );
    const readModel = await ReadModel.open({ folder: options.folder, crypto, node, shards, onFailure });
    closers.push(() => readModel.close());
    let mqtt: MqttDoor | null = null;
    const metrics = makeMetrics({
      node,
      shards,
      lag: () => readModel.lag(),
      mqttConnectionCount: () => mqtt?.connectionCount() ?? 0,
    });
    const mqttAddress = (): { host: string; port: number } | null =>
      mqtt === null ? null : { host: mqtt.host, port: mqtt.port };
    const context: GatewayContext = {
      ...{
        crypto,
        access: new Access(),
        registry,
        node,
        shards,
        intake: new Intake({ crypto, node, shards }),
        name,
        genesisFile,
        logFolder,
        policiesFolder,
        pagesFolder: options.pages ?? null,
        logger,
        readModel,
        metrics,
        mqttAddress,
      },
    };
    const { hosts = [], requestsPerMinute = REQUESTS_PER_MINUTE } = options;
    const app = await buildApp(context, { host, hosts, requestsPerMinute });
    closers.push(() => app.close());
    mqtt = await openMqtt(context, { host, port: options.mqttPort });
    closers.push(mqtt.close);
    const http = await app.listen({ host, port }).catch((error: Error) => {
      throw portTaken(error, { host, port });
    });
    return { http, mqtt: `mqtt://${urlHost(mqtt.host)}:${mqtt.port}`, app, readModel, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function urlHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

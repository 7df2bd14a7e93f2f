/** A gateway over a real city in a temporary folder, on free ports, for tests of its doors. */

import { readFileSync } from 'node:fs';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Gateway, type GatewayOptions, startGateway } from '@oppidum/gateway/server';
import { pino } from 'pino';
import type { RunningCity } from './running-city.ts';

/** Opens a gateway; what it logs is dropped unless a logger is given. */
export function runGateway(city: RunningCity, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const { paths, genesis } = city.folder;
  return startGateway({
    crypto: nativeCrypto,
    registry: cityRegistry,
    node: city.client,
    shards: [],
    name: genesis.name,
    genesisFile: new Uint8Array(readFileSync(paths.genesis)),
    logFolder: city.logFolder,
    folder: paths.gateway,
    logger: pino({ level: 'silent' }),
    host: '127.0.0.1',
    port: 0,
    mqttPort: 0,
    ...options,
  });
}

/** Orders by way of a broker that is not the city's: it can keep them back, end, and come again, and moves nothing by any of it. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodeBase64, toHex } from '@oppidum/formats/bytes';
import { type AgentLamp, startLamp } from '../support/agent-lamp.ts';
import { type BrokerUser, GATEWAY_USER, TestBroker } from '../support/broker.ts';
import { CityProcess, until } from '../support/city-process.ts';
import { skipWithout } from '../support/programs.ts';
import { freshBytes, inTemporaryFolder } from '../support/running-city.ts';
import {
  draftOf,
  makeStreet,
  order,
  orderAt,
  post,
  replaceStreetKeys,
  type Street,
  signAs,
  throughDoor,
} from '../support/street.ts';

test(
  'over a stock broker: obeyed once, over a broker and a gateway that end and come again; break-glass and new keys too',
  { skip: skipWithout('mosquitto') },
  () =>
    inTemporaryFolder(async (root) => {
      const data = join(root, 'city');
      let city = await CityProcess.start(data);
      let street: Street = await makeStreet(data, city.http, 1);
      const [place] = street.lamps as [Street['lamps'][number]];
      await city.end('SIGTERM');
      const user: BrokerUser = { username: place.hex, password: 'a lamp’s own' };
      const folder = join(root, 'broker');
      mkdirSync(folder);
      const broker = await TestBroker.start(folder, toHex(street.records.audience), [user]);
      const login = join(folder, 'login.yaml');
      writeFileSync(
        login,
        Object.entries(GATEWAY_USER)
          .map(([name, value]) => `${name}: ${value}\n`)
          .join(''),
        { mode: 0o600 },
      );
      const open = async (): Promise<void> => {
        city = await CityProcess.start(data, undefined, ['--mqtt-url', broker.url, '--mqtt-login', login]);
        street.api.close();
        street = throughDoor(street, data, city.http);
      };
      await open();
      const lamp: AgentLamp = await startLamp({
        ...{ folder: join(root, 'lamps'), policy: join(data, 'city.policy'), mqtt: broker.url, street, lamp: place, login: user },
      });
      const wish = (command: string, more: object = {}) => ({ device: place.hex, command, ...more });
      const whenHeard = (): Promise<void> =>
        until(
          'the lamp is heard of',
          async () => (await draftOf(city.http, street, wish('light/full')).catch(() => null)) !== null,
        );
      const inState = (id: string, state: string): Promise<void> =>
        until(`order ${id} is ${state}`, async () => (await orderAt(city.http, id).catch(() => null))?.state === state);
      try {
        await whenHeard();
        await inState(await order(city.http, street, wish('light/programme')), 'applied');
        await whenHeard();
        const held = await draftOf(city.http, street, wish('light/full', { mode: 'break-glass' }));
        const signatures = signAs(street, held.statement, [0]).map(({ key, signature }) => ({
          key,
          signature: encodeBase64(signature),
        }));
        const glass = { statement: encodeBase64(held.statement), signatures };
        assert.equal((await post(city.http, '/api/v1/orders/break-glass', glass)).status, 200);
        await until('the lamp is bright', () => lamp.done.length === 2);

        await whenHeard();
        await broker.kill();
        const late = await order(city.http, street, wish('light/programme'));
        assert.equal(lamp.done.length, 2, 'nothing gets through');
        await broker.again();
        await inState(late, 'applied');
        assert.deepEqual(lamp.done, ['light/programme', 'light/full', 'light/programme'], 'once, however often it came');

        await city.end('SIGKILL');
        await open();
        // A gateway that was started anew knows a challenge when the next one comes.
        await whenHeard();
        street = await replaceStreetKeys(street, [ed25519Signer(freshBytes(32)), ed25519Signer(freshBytes(32))]);
        await until('the new keys came', () => lamp.pins().keys.version === 2);
        await whenHeard();
        await inState(await order(city.http, street, wish('light/full')), 'applied');
        assert.equal(lamp.done.length, 4);
      } finally {
        await lamp.stop();
        street.api.close();
        await broker.kill();
        await city.end('SIGTERM');
      }
    }),
);

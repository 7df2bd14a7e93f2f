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

/** A city behind a broker of somebody else, with one lamp of a zone there. */
class BrokeredStreet {
  readonly broker: TestBroker;
  readonly lamp: AgentLamp;
  readonly #data: string;
  readonly #login: string;
  city: CityProcess;
  street: Street;

  private constructor(parts: Pick<BrokeredStreet, 'broker' | 'lamp' | 'city' | 'street'>, data: string, login: string) {
    [this.broker, this.lamp, this.city, this.street] = [parts.broker, parts.lamp, parts.city, parts.street];
    [this.#data, this.#login] = [data, login];
  }

  static async begin(root: string): Promise<BrokeredStreet> {
    const data = join(root, 'city');
    const first = await CityProcess.start(data);
    const before = await makeStreet(data, first.http, 1);
    const [place] = before.lamps as [Street['lamps'][number]];
    await first.end('SIGTERM');
    const user: BrokerUser = { username: place.hex, password: 'of a lamp' };
    const folder = join(root, 'broker');
    mkdirSync(folder);
    const broker = await TestBroker.start(folder, toHex(before.records.audience), [user]);
    const login = join(folder, 'login.yaml');
    writeFileSync(login, `username: ${GATEWAY_USER.username}\npassword: ${GATEWAY_USER.password}\n`, { mode: 0o600 });
    const city = await CityProcess.start(data, undefined, ['--mqtt-url', broker.url, '--mqtt-login', login]);
    before.api.close();
    const street = throughDoor(before, data, city.http);
    const policy = join(data, 'city.policy');
    const lamp = await startLamp({ folder: join(root, 'lamps'), policy, mqtt: broker.url, street, lamp: place, login: user });
    return new BrokeredStreet({ broker, lamp, city, street }, data, login);
  }

  /** The gateway ends as by a power cut, and is started again. */
  async restart(): Promise<void> {
    await this.city.end('SIGKILL');
    this.city = await CityProcess.start(this.#data, undefined, ['--mqtt-url', this.broker.url, '--mqtt-login', this.#login]);
    this.street.api.close();
    this.street = throughDoor(this.street, this.#data, this.city.http);
  }

  async end(): Promise<void> {
    await this.lamp.stop();
    this.street.api.close();
    await this.broker.kill();
    await this.city.end('SIGTERM');
  }

  #wish(command: string, mode = 'ordinary') {
    return { device: this.street.lamps[0]?.hex ?? '', command, mode };
  }

  whenHeard(): Promise<void> {
    const draft = () => draftOf(this.city.http, this.street, this.#wish('light/full'));
    return until('the lamp is heard of', async () => (await draft().catch(() => null)) !== null);
  }

  order(command: string): Promise<string> {
    return order(this.city.http, this.street, this.#wish(command));
  }

  applied(id: string): Promise<void> {
    return until('the order is applied', async () => (await orderAt(this.city.http, id).catch(() => null))?.state === 'applied');
  }

  async breakGlass(): Promise<number> {
    const { statement } = await draftOf(this.city.http, this.street, this.#wish('light/full', 'break-glass'));
    const signatures = signAs(this.street, statement, [0]).map(({ key, signature }) => ({
      key,
      signature: encodeBase64(signature),
    }));
    return (await post(this.city.http, '/api/v1/orders/break-glass', { statement: encodeBase64(statement), signatures })).status;
  }
}

const skip = skipWithout('mosquitto');

test(
  'over a stock broker: obeyed once, over a broker and a gateway that end and come again; break-glass and new keys too',
  { skip },
  () =>
    inTemporaryFolder(async (root) => {
      const place = await BrokeredStreet.begin(root);
      const { lamp, broker } = place;
      try {
        await place.whenHeard();
        await place.applied(await place.order('light/programme'));
        await place.whenHeard();
        assert.equal(await place.breakGlass(), 200);
        await until('the lamp is bright', () => lamp.done.length === 2);

        await place.whenHeard();
        await broker.kill();
        const late = await place.order('light/programme');
        assert.equal(lamp.done.length, 2, 'nothing gets through');
        await broker.again();
        await place.applied(late);
        assert.deepEqual(lamp.done, ['light/programme', 'light/full', 'light/programme'], 'once, however often it came');

        await place.restart();
        // A gateway that was started anew knows a challenge when the next one comes.
        await place.whenHeard();
        place.street = await replaceStreetKeys(place.street, [ed25519Signer(freshBytes(32)), ed25519Signer(freshBytes(32))]);
        await until('the new keys came', () => lamp.pins().keys.version === 2);
        await place.whenHeard();
        await place.applied(await place.order('light/full'));
        assert.equal(lamp.done.length, 4);
      } finally {
        await place.end();
      }
    }),
);

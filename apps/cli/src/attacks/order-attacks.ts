/** Attacks on a machine through its orders: by a thief of nothing, of one key, and by whoever carries messages. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { encodeCompactOrder, parseCompactOrder } from '@oppidum/formats/compact-order';
import type { Signer } from '@oppidum/formats/crypto';
import { encodeOrder, type Order, orderId } from '@oppidum/formats/order-statement';
import { signStatement } from '@oppidum/formats/statement';
import type { OrderDetailJson } from '@oppidum/gateway/api/orders';
import type { Attack, Finding, Stop } from './attack.ts';
import type { AttackedCity } from './attacked-city.ts';
import { provenEntry } from './city-evidence.ts';
import { newMachine } from './make-street.ts';

const byMachine = (rule: string): Stop => ({ ending: 'prevented', by: 'the machine itself', rule });

export const FORGED_ORDER: Attack = {
  name: 'forged-order',
  tried: 'Somebody on the network of a lamp, without any key of its zone, signs a break-glass order and hands it to the lamp.',
  stop: byMachine('SIGNATURE_INVALID'),
  run: async (city) => {
    await city.lamp.restart();
    const statement = encodeOrder(city.order({ mode: 'break-glass' }));
    const order = compactOf(statement, newMachine().signer);
    return handOver(city, order, 'an order under a key of the thief');
  },
};

export const REPLAYED_ORDER: Attack = {
  name: 'replayed-order',
  tried: 'Somebody kept a true order that the lamp obeyed, waits until the lamp was without power, and sends it again.',
  stop: byMachine('CHALLENGE_SPENT'),
  run: async (city) => {
    const kept = await trueOrder(city);
    await city.lamp.restart();
    return handOver(city, kept, 'the same bytes a second time');
  },
};

export const STOLEN_KEY: Attack = {
  name: 'stolen-key',
  tried: 'A thief has one of the two order keys of the zone and the operator’s account, and orders what is dangerous.',
  stop: { ending: 'prevented', by: 'the ledger and the machine', rule: 'SIGNATURES_FEW' },
  run: async (city) => {
    const { lamp } = city;
    const obeyed = lamp.done.length;
    const order = city.order({ command: 'light/maintenance', arguments: [1] });
    const { code } = await city.issue(order, [0]);
    if (code !== 'OK') return { rule: code, saw: 'the ledger did not take the order' };
    const status = await statusOf(city, order);
    if (status !== 'awaiting') {
      await city.until('the lamp', () => lamp.done.length > obeyed);
      return { rule: null, saw: `the order was ${status}, and the lamp did ${lamp.done.at(-1)}` };
    }
    // The ledger waits for the second signature. The thief does not, and puts the proof of a true order beside it.
    const { issuance } = parseCompactOrder(await trueOrder(city));
    await lamp.restart();
    const again = city.order({ command: 'light/maintenance', arguments: [1] });
    const by = [{ key: 0, signer: city.zone.keys[0] as Signer }];
    const statement = encodeOrder(again);
    const signatures = signStatement(nativeCrypto, 'order', statement, by);
    const message = encodeCompactOrder({ statement, signatures, place: null, issuance });
    const { rule, saw, exhibits = [] } = await handOver(city, message, 'the order with one signature');
    return { rule, exhibits, saw: `the ledger awaits another signature; ${saw}` };
  },
};

export const TAMPERED_BROKER: Attack = {
  name: 'tampered-broker',
  tried: 'The broker saw a true break-glass order, writes the lamp’s newest challenge into it, and delivers it once more.',
  stop: byMachine('SIGNATURE_INVALID'),
  run: async (city) => {
    const { lamp, zone } = city;
    const obeyed = lamp.done.length;
    const statement = encodeOrder(city.order({ mode: 'break-glass' }));
    const before = compactOf(statement, zone.keys[0] as Signer);
    await lamp.receive(before);
    if (lamp.done.length !== obeyed + 1) throw new Error('the true order was not obeyed');
    await lamp.restart();
    const { signatures, order } = parseCompactOrder(before);
    const target = { device: lamp.id, challenge: lamp.challenge };
    const altered = encodeOrder({ ...order, target });
    const message = encodeCompactOrder({ statement: altered, signatures, place: null, issuance: null });
    return handOver(city, message, 'the altered order');
  },
};

/**
 * Hands the lamp a message; what it then did, or with which code it did nothing. It signs an alarm once in a while: started a moment before,
 * it signs this one.
 */
async function handOver(city: AttackedCity, message: Bytes, what: string): Promise<Finding> {
  const { lamp } = city;
  const [obeyed, refused, told] = [lamp.done.length, lamp.refused.length, lamp.told.length];
  await lamp.receive(message);
  if (lamp.done.length > obeyed) return { rule: null, saw: `the lamp obeyed ${what}: ${lamp.done.at(-1)}` };
  const rule = lamp.refused[refused];
  if (rule === undefined) throw new Error(`the lamp said nothing of ${what}`);
  const word = lamp.told.slice(told).find(({ values }) => values.some(({ value }) => String(value).endsWith(rule)));
  if (word === undefined) throw new Error(`the lamp signed nothing about ${what}`);
  const exhibits = [await provenEntry(city, 'word-of-the-lamp.evidence', word.id)];
  return { rule, saw: `the lamp did nothing on ${what}`, exhibits };
}

/** Has the city issue an order that is in order; the bytes that the lamp got and obeyed. */
async function trueOrder(city: AttackedCity): Promise<Bytes> {
  const { lamp } = city;
  const [obeyed, heard] = [lamp.done.length, lamp.heard.length];
  const order = city.order({});
  const { code } = await city.issue(order, [0]);
  if (code !== 'OK') throw new Error(`the true order was refused: ${code}`);
  await city.until('the lamp to obey a true order', () => lamp.done.length > obeyed);
  const id = toHex(orderId(nativeCrypto, encodeOrder(order)));
  const message = lamp.heard
    .slice(heard)
    .find((bytes) => toHex(orderId(nativeCrypto, parseCompactOrder(bytes).statement)) === id);
  if (message === undefined) throw new Error('the lamp obeyed what it never got');
  return message;
}

/** A break-glass order signed in the place of the zone's first key. */
function compactOf(statement: Bytes, signer: Signer): Bytes {
  const signatures = signStatement(nativeCrypto, 'order', statement, [{ key: 0, signer }]);
  return encodeCompactOrder({ statement, signatures, place: null, issuance: null });
}

/** As the ledger has it, by the gateway's word: the lamp is asked as well. */
async function statusOf(city: AttackedCity, order: Order): Promise<string> {
  const id = toHex(orderId(nativeCrypto, encodeOrder(order)));
  let status = '';
  await city.until('the gateway to know the order', async () => {
    const answer = await fetch(`${city.http}/api/v1/orders/${id}`);
    if (answer.status !== 200) return false;
    ({ status } = (await answer.json()) as OrderDetailJson);
    return true;
  });
  return status;
}

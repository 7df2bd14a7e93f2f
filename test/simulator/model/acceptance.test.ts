/** The table of acceptance and the code of the device: all facts, as true messages with ideal signatures. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptOrder } from '@oppidum/device/orders/accept-order';
import { Challenges } from '@oppidum/device/orders/challenges';
import { orderStateInMemory } from '@oppidum/device/orders/order-state';
import { OrderTrust } from '@oppidum/device/orders/order-trust';
import { encodeCompactOrder } from '@oppidum/formats/compact-order';
import { encodeOrder, type Order } from '@oppidum/formats/order-statement';
import { District } from '../orders/district.ts';
import { idealHands } from '../orders/hands.ts';
import { ACCEPTANCE, type Facts, firstRefusal, isTold } from './acceptance.ts';

const district = new District(idealHands, 4);
const lamp = district.idOf('lamp');
const [THRESHOLD, DANGEROUS_THRESHOLD] = [1, 2];
const COMMANDS = {
  dim: { command: 'light/level', arguments: [60], need: THRESHOLD, isSafe: false },
  full: { command: 'light/level', arguments: [100], need: THRESHOLD, isSafe: true },
  off: { command: 'light/off', arguments: [], need: DANGEROUS_THRESHOLD, isSafe: false },
} as const;
const LIFETIME_MS = 10_000;

/** What the device says in other words than the table. */
const WORDS: Readonly<Record<string, string>> = { SIGNATURE_INVALID: 'SIGNATURES_FEW' };

type Shape = Facts & { readonly command: keyof typeof COMMANDS };

function* allShapes(): Generator<Shape> {
  const [ours, versions, truths] = [
    ['mine', 'other'],
    ['pinned', 'former'],
    [false, true],
  ] as const;
  for (const city of ours)
    for (const zone of ours)
      for (const target of ours)
        for (const keySet of versions)
          for (const envelope of versions)
            for (const signatures of [0, 1, 2])
              for (const command of ['dim', 'full', 'off'] as const)
                for (const isTooLong of truths)
                  for (const isGlass of truths)
                    for (const isIssued of isGlass ? [false] : truths)
                      for (const challenge of ['open', 'void'] as const)
                        for (const isLate of truths)
                          for (const isVetoed of truths) {
                            const { need, isSafe } = COMMANDS[command];
                            const meant = { city, zone, target, keySet, envelope, signatures, need, command, isSafe };
                            yield { ...meant, isTooLong, isGlass, isIssued, challenge, isLate, isVetoed };
                          }
}

/** The device's answer to the message that these facts describe. */
async function answer(shape: Shape, nonce: number): Promise<string | null> {
  let nowMs = 0;
  const challenges = new Challenges({ boot: 'boot', nowMs: () => nowMs }, (bytes) => bytes.fill(7));
  const drawn = challenges.renew();
  const lifetimeMs = shape.isTooLong ? 60_001 : LIFETIME_MS;
  if (shape.isLate) nowMs += lifetimeMs;
  const { command, arguments: given } = COMMANDS[shape.command];
  const order: Order = {
    city: shape.city === 'mine' ? district.city : district.idOf('another city'),
    zone: shape.zone === 'mine' ? district.zone : district.idOf('another zone'),
    keys: shape.keySet === 'pinned' ? 2 : 1,
    envelope: shape.envelope === 'pinned' ? 2 : 1,
    target: {
      device: shape.target === 'mine' ? lamp : district.idOf('another lamp'),
      challenge: shape.challenge === 'open' ? drawn : district.idOf('spent'),
    },
    ...{ command, arguments: [...given], lifetimeMs, expiresMs: 1, nonce: new Uint8Array(16) },
    mode: shape.isGlass ? 'break-glass' : 'ordinary',
  };
  const statement = encodeOrder(order);
  const own = Array.from({ length: shape.signatures }, (_, key) => district.sign(statement, key));
  const signatures = own.length > 0 ? own : [{ ...district.sign(statement, 0), key: 1 }];
  const validatorCount = shape.isIssued ? district.quorum : district.quorum - 1;
  const issuance = shape.isGlass ? null : district.issue(statement, nonce, validatorCount);
  const judging = {
    crypto: district.hands.crypto,
    device: lamp,
    store: orderStateInMemory({ keys: district.keySet(THRESHOLD, DANGEROUS_THRESHOLD), envelope: district.envelope }),
    trust: new OrderTrust(district.hands.crypto, district.policy, null),
    source: null,
    challenges,
    actuator: {
      dangerous: new Set<string>(),
      veto: () => (shape.isVetoed ? 'VETO' : null),
      act: () => Promise.resolve(),
      state: () => [],
    },
  };
  const judged = await acceptOrder(judging, encodeCompactOrder({ statement, signatures, place: null, issuance }));
  if (judged.kind === 'accepted') return null;
  const code = WORDS[judged.code] ?? judged.code;
  assert.equal(isTold(code), judged.kind === 'refused', code);
  return code;
}

test('the device answers all facts as the table does', async () => {
  let [count, obeyed] = [0, 0];
  const codes = new Set<string>();
  for (const shape of allShapes()) {
    const want = firstRefusal(ACCEPTANCE, shape);
    assert.equal(await answer(shape, count), want, JSON.stringify(shape));
    count++;
    if (want === null) obeyed++;
    else codes.add(want);
  }
  assert.equal(count, 13_824);
  // By one or two keys each: dim and full issued, full by break-glass; off by two.
  assert.equal(obeyed, 7);
  assert.deepEqual(codes, new Set(ACCEPTANCE.map(({ code }) => code)));
});

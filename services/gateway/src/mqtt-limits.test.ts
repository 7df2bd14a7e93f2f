import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MQTT_LIMITS, MqttLimiter } from './mqtt-limits.ts';
import { UsedTokens } from './used-tokens.ts';

/** A limiter on a clock that the test sets. */
function limiterOf(limits: Partial<typeof MQTT_LIMITS>) {
  let nowMs = 0;
  const limiter = new MqttLimiter({ ...MQTT_LIMITS, ...limits }, () => nowMs);
  const advance = (durationMs: number): void => {
    nowMs += durationMs;
  };
  return { limiter, advance };
}

const pendingFrom = (address: string) => ({ address, end: () => undefined });

test('refused connections count for a minute, against an IPv4 address or an IPv6 network', () => {
  const { limiter, advance } = limiterOf({ refusedPerMinuteMax: 2 });
  const same: readonly (readonly [refused: string, barred: string, free: string])[] = [
    ['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2'],
    ['2001:db8:1:2::3', '2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:3::3'],
    ['2001:db8::1', '2001:db8:0:0:8::', '2001:db8:0:1::1'],
    ['fe80::1%eth0', 'fe80::2%eth0', 'fe81::1'],
    ['::1', '::2', '1::'],
  ];
  for (const [refused, barred, free] of same) {
    limiter.refused(refused);
    assert.equal(limiter.isBarred(barred), false, 'once is not often');
    limiter.refused(refused);
    assert.deepEqual([limiter.isBarred(barred), limiter.isBarred(free)], [true, false], refused);
  }
  advance(60_000);
  for (const [, barred] of same) assert.equal(limiter.isBarred(barred), false);
});

test('the oldest of its address makes room, and the oldest of all where all together are too many', () => {
  const { limiter } = limiterOf({ pendingPerAddressMax: 2, pendingCountMax: 3 });
  const [a1, b1, a2, a3, c1] = ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.1', '192.0.2.3'].map(pendingFrom) as [
    ReturnType<typeof pendingFrom>,
    ReturnType<typeof pendingFrom>,
    ReturnType<typeof pendingFrom>,
    ReturnType<typeof pendingFrom>,
    ReturnType<typeof pendingFrom>,
  ];
  assert.deepEqual([limiter.arrived(a1), limiter.arrived(b1), limiter.arrived(a2)], [null, null, null]);
  assert.equal(limiter.arrived(a3), a1);
  assert.equal(limiter.arrived(c1), b1);
  limiter.settled(a2);
  limiter.settled(a2);
  assert.equal(limiter.arrived(pendingFrom('192.0.2.1')), null, 'who is let in or gone takes up no room');
});

test('a token is used once, until it is past its time anyway: TOKEN_USED, RATE_LIMITED', () => {
  const used = new UsedTokens();
  const use = (id: string, nowS: number, device = 'lamp') => used.use(device, { id, forgetS: nowS + 900 }, nowS)?.code ?? null;
  assert.deepEqual([use('a', 0), use('a', 899), use('a', 0, 'other')], [null, 'TOKEN_USED', null]);
  for (let i = 1; i < 256; i++) assert.equal(use(String(i), 1), null);
  assert.equal(use('one more', 100), 'RATE_LIMITED');
  assert.equal(use('one more', 100, 'other'), null, 'no device crowds out another');
  assert.equal(use('one more', 902), null, 'those of the first minute are forgotten');
});

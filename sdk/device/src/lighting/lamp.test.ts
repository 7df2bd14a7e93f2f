import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lightDemand } from '@oppidum/formats/lighting-level';
import type { LightingProgramme } from '@oppidum/formats/lighting-programme';
import fc from 'fast-check';
import { CALM, MAIN_ROAD, MIDNIGHT_MS, NOON_MS, PROGRAMME } from '../../../../test/support/lighting.ts';
import { Lamp, type LampAnswer, type LampSenses } from './lamp.ts';
import { lampActuator } from './lamp-actuator.ts';
import { leastLevel } from './lamp-monitor.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** Main Road: levels of M3, M4 and M5. */
const [M3, M4, M5] = [905, 679, 453];

/** A lamp with a clock that the test turns; what it hears is always fresh unless told otherwise. */
class Street {
  uptimeMs = 5_000_000;
  timeMs: number | null;
  readonly lamp: Lamp;
  traffic: number | null = 1_000;
  weather: number | null = 0;
  ambient: number | null = 1_000;
  photocellMlx: number | null = 0;
  hasLink = true;

  constructor(timeMs: number | null, section = 0, programme: LightingProgramme = PROGRAMME) {
    this.timeMs = timeMs;
    this.lamp = new Lamp(programme, section);
  }

  get senses(): LampSenses {
    const { uptimeMs, timeMs, photocellMlx } = this;
    const heard = (value: number | null) => (value === null ? null : { value, uptimeMs });
    const link = this.hasLink ? uptimeMs : uptimeMs - 901_000;
    return {
      uptimeMs,
      timeMs,
      photocellMlx,
      linkUptimeMs: link,
      traffic: heard(this.traffic),
      weather: heard(this.weather),
      ambient: heard(this.ambient),
    };
  }

  /** Second by second; answers the last. */
  pass(seconds: number): LampAnswer {
    let answer = this.lamp.step(this.senses);
    for (let i = 0; i < seconds; i++) {
      this.uptimeMs += SECOND_MS;
      if (this.timeMs !== null) this.timeMs += SECOND_MS;
      answer = this.lamp.step(this.senses);
    }
    return answer;
  }

  order(command: string, ...values: readonly number[]): string {
    return this.lamp.obey({ command, arguments: values }, this.senses)?.code ?? 'OK';
  }
}

/** 20:00 UTC, 21:00 in the street: no hour of the programme. */
const EVENING_MS: number = MIDNIGHT_MS - 4 * HOUR_MS;

test('a lamp begins with full light and comes down to what the street needs', () => {
  const street = new Street(EVENING_MS);
  assert.deepEqual(street.pass(0), { level: 1_000, aim: 1_000, class: 'M3', reason: 'programme', lost: null });
  assert.equal(street.pass(899).aim, 1_000, 'held');
  assert.equal(street.pass(1).aim, M3);
  assert.equal(street.pass(9).level, 910);
  assert.equal(street.pass(1).level, M3);
  assert.equal(street.pass(1).level, M3);
});

test('more traffic is followed at once and by the ramp, less after a while', () => {
  const street = new Street(EVENING_MS);
  street.traffic = 0;
  assert.equal(street.pass(2_000).level, M5);
  street.traffic = 800;
  assert.equal(street.pass(0).aim, M3);
  assert.equal(street.pass(1).level, M5 + 50);
  assert.equal(street.pass(8).level, M5 + 450);
  assert.equal(street.pass(21).level, M3, 'within settleS');
  street.traffic = 300;
  assert.equal(street.pass(899).level, M3);
  street.traffic = 900;
  street.pass(1);
  street.traffic = 300;
  assert.equal(street.pass(900).level, M3, 'waits anew');
  assert.equal(street.pass(23).level, M4);
});

test('an hour that needs more light finds it there', () => {
  // 04:00 UTC is 05:00, where the quiet hours end.
  const street = new Street(MIDNIGHT_MS + 3 * HOUR_MS);
  assert.equal(street.pass(3_569).level, M4);
  assert.ok(street.pass(31).level >= M3);
});

for (const [what, lost, cut] of [
  ['the detector', 'traffic', (street: Street) => (street.traffic = null)],
  ['the weather station', 'weather', (street: Street) => (street.weather = null)],
  ['the light sensor', 'ambient', (street: Street) => (street.ambient = null)],
  ['the photocell', 'photocell', (street: Street) => (street.photocellMlx = null)],
  ['the clock', 'clock', (street: Street) => (street.timeMs = null)],
  ['the link', 'link', (street: Street) => (street.hasLink = false)],
] as const) {
  test(`without ${what} a lamp goes to full light by its ramp, and comes back when it is there again`, () => {
    const street = new Street(EVENING_MS);
    street.traffic = 0;
    street.pass(2_000);
    const { timeMs } = street;
    cut(street);
    const answer = street.pass(1);
    assert.deepEqual([answer.level, answer.aim, answer.reason, answer.lost], [M5 + 50, 1_000, 'lost', lost]);
    assert.equal(street.pass(10).level, 1_000);
    Object.assign(street, { traffic: 0, weather: 0, ambient: 1_000, photocellMlx: 0, timeMs, hasLink: true });
    assert.equal(street.pass(1_000).level, M5);
  });
}

test('a detector that says one number for too long is lost, until it says another', () => {
  const frozen = { busyS: 1_200, emptyS: 7_200 };
  const traffic = { ...(MAIN_ROAD.traffic as NonNullable<typeof MAIN_ROAD.traffic>), frozen };
  const street = new Street(EVENING_MS, 0, { ...PROGRAMME, sections: [{ ...MAIN_ROAD, traffic }] });
  street.traffic = 120;
  assert.equal(street.pass(1_200).level, M5);
  const answer = street.pass(1);
  assert.deepEqual([answer.level, answer.aim, answer.reason, answer.lost], [M5, 1_000, 'lost', 'frozen']);
  assert.equal(street.order('light/level', 60), 'LIGHT_BELOW_CLASS');
  assert.equal(street.pass(11).level, 1_000);
  street.traffic = 121;
  assert.equal(street.pass(1_000).level, M5);
  street.traffic = 0;
  assert.equal(street.pass(7_200).lost, null);
  assert.equal(street.pass(1).lost, 'frozen');
  street.traffic = null;
  assert.equal(street.pass(901).lost, 'traffic', 'silence');
  street.traffic = 0;
  assert.equal(street.pass(1).lost, null, 'and a run of its own after it');
});

test('a value that is too old, or heard before the lamp started again, is none', () => {
  const street = new Street(EVENING_MS);
  const old = (uptimeMs: number) => street.lamp.step({ ...street.senses, traffic: { value: 0, uptimeMs } }).lost;
  assert.equal(old(street.uptimeMs - 900_000), null);
  assert.equal(old(street.uptimeMs - 900_001), 'traffic');
  assert.equal(old(street.uptimeMs + 1), 'traffic');
});

test('by day a lamp is off, whatever it is told or has lost, except for maintenance', () => {
  const street = new Street(NOON_MS);
  assert.deepEqual(street.pass(0), { level: 0, aim: 0, class: 'M3', reason: 'day', lost: null });
  street.photocellMlx = 0;
  street.traffic = null;
  assert.equal(street.pass(100).level, 0);
  assert.equal(street.order('light/level', 100), 'LIGHT_BY_DAY');
  assert.equal(street.order('light/maintenance', 10), 'OK');
  assert.deepEqual([street.pass(20).level, street.pass(0).reason], [1_000, 'maintenance']);
  assert.equal(street.pass(579).aim, 1_000);
  assert.equal(street.pass(1).aim, 0);
  assert.equal(street.pass(100).level, 0, 'by the ramp');
  street.order('light/maintenance', 10);
  street.order('light/programme');
  assert.equal(street.pass(1).aim, 0);
});

test('in twilight the photocell decides, and does not flicker', () => {
  const street = new Street(NOON_MS + 4 * HOUR_MS);
  const aimAt = (mlx: number | null): number => {
    street.photocellMlx = mlx;
    return street.pass(1).aim;
  };
  assert.deepEqual([60_000, 40_000, 34_999, 40_000, 50_000, 50_001].map(aimAt).map(Boolean), [
    false,
    false,
    true,
    true,
    true,
    false,
  ]);
  assert.equal(aimAt(null), 1_000);
});

test('an order holds until dawn, never below what the street needs', () => {
  const street = new Street(EVENING_MS);
  street.traffic = 0;
  street.pass(2_000);
  assert.equal(street.order('light/section-level', 0, 45), 'LIGHT_BELOW_CLASS');
  assert.equal(street.order('light/section-level', 1, 80), 'LIGHT_SECTION_UNKNOWN');
  assert.equal(street.order('light/dance'), 'COMMAND_UNKNOWN');
  assert.equal(street.order('light/level', 101), 'ARGUMENT_RANGE');
  assert.equal(street.order('light/section-level', 0, 60), 'OK');
  assert.deepEqual([street.pass(10).level, street.pass(0).reason], [600, 'order']);
  street.traffic = 1_000;
  assert.equal(street.pass(30).level, M3, 'the street became busy');
  street.traffic = 0;
  assert.equal(street.pass(950).level, 600, 'the order still holds');
  assert.equal(street.order('light/level', 50), 'OK');
  assert.equal(street.pass(10).level, 500, 'down at once by the ramp');
  street.timeMs = NOON_MS;
  street.pass(1);
  street.timeMs = EVENING_MS + 24 * HOUR_MS;
  street.pass(2_000);
  assert.deepEqual(street.pass(0), { level: M5, aim: M5, class: 'M5', reason: 'programme', lost: null });
});

test('full light ordered by day begins at dusk and ends at dawn', () => {
  const street = new Street(NOON_MS);
  assert.equal(street.order('light/full'), 'OK');
  assert.equal(street.pass(1).level, 0);
  street.timeMs = EVENING_MS;
  assert.deepEqual([street.pass(2_000).level, street.pass(0).reason], [1_000, 'order']);
  street.timeMs = NOON_MS;
  street.pass(1);
  street.timeMs = EVENING_MS;
  assert.equal(street.pass(2_000).level, M3);
});

test('a lamp is a machine that takes orders: it is asked first, acts, and says what it does', async () => {
  const street = new Street(EVENING_MS);
  street.traffic = 0;
  street.pass(2_000);
  const curve = [
    { level: 0, powerMw: 400 },
    { level: 1_000, powerMw: 60_400 },
  ];
  const machine = lampActuator({ lamp: street.lamp, curve, sense: () => street.senses });
  assert.equal(machine.dangerous.size, 0);
  assert.equal(machine.veto({ command: 'light/level', arguments: [45] }), 'LIGHT_BELOW_CLASS');
  await assert.rejects(machine.act({ command: 'light/level', arguments: [45] }), { code: 'LIGHT_BELOW_CLASS' });
  assert.equal(machine.veto({ command: 'light/full', arguments: [] }), null);
  await machine.act({ command: 'light/full', arguments: [] });
  street.pass(20);
  assert.deepEqual(machine.state(), [
    { sensor: 'dimming', unit: '/', value: 1 },
    { sensor: 'power', unit: 'W', value: 60.4 },
  ]);
});

test('the level never moves faster than the ramp, and is never below what the monitor finds once settled', () => {
  const event = fc.record({
    seconds: fc.integer({ min: 1, max: 1_200 }),
    traffic: fc.option(fc.nat(2_000)),
    weather: fc.option(fc.nat(2)),
    photocellMlx: fc.option(fc.nat(80_000)),
    order: fc.option(fc.tuple(fc.constantFrom('light/level', 'light/section-level'), fc.nat(100))),
  });
  fc.assert(
    fc.property(fc.nat(24 * 60), fc.array(event, { maxLength: 8 }), (minute, events) => {
      const street = new Street(MIDNIGHT_MS + minute * 60_000);
      let { level } = street.pass(0);
      for (const { seconds, order, ...changes } of events) {
        Object.assign(street, changes);
        if (order !== null) street.order(order[0], ...(order[0] === 'light/level' ? [order[1]] : [0, order[1]]));
        for (let second = 1; second <= seconds; second++) {
          const answer = street.pass(1);
          assert.ok(answer.level <= level + 50 && answer.level >= level - 10, `${level} → ${answer.level}`);
          level = answer.level;
          const { isDark } = { isDark: street.photocellMlx === null ? null : street.photocellMlx < 35_000 };
          if (second <= 30) continue;
          const now = { ...CALM, timeMs: street.timeMs, isDark, traffic: street.traffic, weather: street.weather };
          const settled = { ...now, timeMs: (street.timeMs ?? 0) - 30_000 };
          assert.ok(level >= Math.min(leastLevel(PROGRAMME, MAIN_ROAD, now), leastLevel(PROGRAMME, MAIN_ROAD, settled)));
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('controller and monitor find the same level in every situation', () => {
  const summer: LightingProgramme = { ...PROGRAMME, clock: [...PROGRAMME.clock, { fromMs: MIDNIGHT_MS, aheadMinutes: -450 }] };
  const bare: LightingProgramme = { ...PROGRAMME, weather: undefined as never, ambient: undefined as never };
  const situation = fc.record({
    timeMs: fc.option(
      fc.oneof(
        fc.nat(4_000_000).map((minute) => 1_700_000_000_000 + minute * 60_000),
        fc.nat(400_000_000).map((s) => s * 10_000),
      ),
    ),
    isDark: fc.option(fc.boolean()),
    traffic: fc.option(fc.oneof(fc.constantFrom(-1, 0.5, 239, 240, 719, 720), fc.nat(2_000))),
    weather: fc.option(fc.integer({ min: -1, max: 3 })),
    ambientMlx: fc.option(fc.oneof(fc.constantFrom(-1, 299, 300), fc.nat(600))),
  });
  fc.assert(
    fc.property(fc.constantFrom(PROGRAMME, summer, bare), fc.nat(2), situation, (programme, number, now) => {
      const section = programme.sections[number] ?? MAIN_ROAD;
      assert.equal(leastLevel(programme, section, now), lightDemand(programme, section, now).level);
    }),
    { numRuns: 20_000 },
  );
});

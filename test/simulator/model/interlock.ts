/**
 * How an interlock holds: a level that rises and falls, an honest sensor and one whose key somebody stole, readings that reach the ledger
 * late or never, a ledger that judges commands by `evaluateInterlocks` itself. Time goes in seconds; a reading is fresh for one.
 */

import { evaluateInterlocks, type Look, type SensorView } from '@oppidum/contracts/safety/interlocks';
import type { Envelope } from '@oppidum/formats/envelope';
import { levelQuantity, levelRule, makeEnvelope } from '../../support/envelopes.ts';
import type { Model, Step } from './explore.ts';

const LEVELS = [0, 300] as const;
const [LOW] = LEVELS;
const FRESH_S = 1;
/** Older is alike: never fresh again. */
const AGE_MAX_S = FRESH_S + 1;
const NOW_MS = 1_000_000;

/** A value with its age by its signed time, in seconds. */
type Said = { readonly value: number; readonly age: number };
type SensorState = {
  /** In the state of the ledger. */
  readonly known: Said | null;
  /** Signed and under way, oldest first. */
  readonly underWay: readonly Said[];
  readonly isQuarantined: boolean;
};
type State = {
  readonly level: number;
  /** Seconds since the level was last low. */
  readonly sinceLow: number;
  readonly honest: SensorState;
  readonly stolen: SensorState;
};

/** What a command met: the code, or null where it was issued. */
type Fact = { readonly command: 'open' | 'close'; readonly code: string | null; readonly rule: unknown };

/** What a test changes, one at a time. */
export type InterlockRules = {
  readonly envelope: Envelope;
  readonly evaluate: typeof evaluateInterlocks;
  readonly look: (state: Pick<State, 'honest' | 'stolen'>) => Look;
  /** An anchor refuses readings older than the newest known (telemetry.md §3). */
  readonly onlyNewer: boolean;
};

export const INTERLOCK_RULES: InterlockRules = {
  envelope: makeEnvelope({
    quantities: [levelQuantity({ freshMs: 1_000 * FRESH_S, agreeWithin: 5 })],
    rules: [levelRule()],
  }),
  evaluate: evaluateInterlocks,
  look: ({ honest, stolen }) => {
    const [first] = INTERLOCK_RULES.envelope.quantities[0]?.sensors ?? [];
    return (sensor) => viewOf(sensor === first ? honest : stolen);
  },
  onlyNewer: true,
};

export function viewOf({ known, isQuarantined }: SensorState): SensorView {
  if (isQuarantined) return { state: 'quarantined', because: 'quarantined' };
  return known === null ? { state: 'silent' } : { state: 'speaks', value: known.value, signedMs: NOW_MS - 1_000 * known.age };
}

const unheard: SensorState = { known: null, underWay: [], isQuarantined: false };

export function interlockModel(rules: InterlockRules = INTERLOCK_RULES): Model<State, Fact> {
  return {
    initial: [{ level: LOW, sinceLow: 0, honest: unheard, stolen: unheard }],
    steps: (state) => [
      ...street(state),
      ...speak(state, 'honest', [state.level], [0]),
      // Whoever has a key signs any value, and a time as far ahead as an anchor takes.
      ...speak(state, 'stolen', LEVELS, [0, -1]),
      ...carry(state, 'honest', rules),
      ...carry(state, 'stolen', rules),
      judge(state, 'open', rules),
      judge(state, 'close', rules),
    ],
    invariants: {
      '3. nothing is issued against an interlock': ({ sinceLow }, { fact }) => !isIssued(fact, 'open') || sinceLow <= FRESH_S,
      'one stolen key opens nothing': ({ honest }, { fact }) =>
        !isIssued(fact, 'open') || (honest.known !== null && honest.known.value <= 200 && honest.known.age <= FRESH_S),
      'a sensor that is not believed counts for nothing': ({ honest, stolen }, { fact }) =>
        !isIssued(fact, 'open') || !(honest.isQuarantined || stolen.isQuarantined),
      'sensors that contradict each other hold': ({ honest, stolen }, { fact }) =>
        !isIssued(fact, 'open') || honest.known?.value === stolen.known?.value,
      'the safe direction stays open': (_, { fact }) => fact?.command !== 'close' || fact.code === null,
      'who holds says which rule': (_, { fact }) => fact === undefined || fact.code === null || fact.rule === 'no flood',
      'what the ledger knows only grows newer': ({ honest }, { event, next }) =>
        event === 'second' || honest.known === null || (next.honest.known?.age ?? AGE_MAX_S) <= honest.known.age,
    },
  };
}

function isIssued(fact: Fact | undefined, command: Fact['command']): boolean {
  return fact?.command === command && fact.code === null;
}

/** A second passes; the level changes; somebody looks after the sensor. */
function street(state: State): Step<State, Fact>[] {
  const older = ({ known, underWay, isQuarantined }: SensorState): SensorState => ({
    known: known === null ? null : { ...known, age: Math.min(AGE_MAX_S, known.age + 1) },
    underWay: underWay.map((said) => ({ ...said, age: Math.min(AGE_MAX_S, said.age + 1) })),
    isQuarantined,
  });
  const sinceLow = state.level === LOW ? 0 : Math.min(AGE_MAX_S, state.sinceLow + 1);
  const { stolen } = state;
  return [
    { event: 'second', next: { ...state, sinceLow, honest: older(state.honest), stolen: older(stolen) } },
    ...LEVELS.map((level) => ({
      event: `level ${level}`,
      next: { ...state, level, sinceLow: level === LOW ? 0 : state.sinceLow },
    })),
    {
      event: stolen.isQuarantined ? 'release' : 'quarantine',
      next: { ...state, stolen: { ...stolen, isQuarantined: !stolen.isQuarantined } },
    },
  ];
}

/** What is signed waits, or is lost when more is signed. */
function speak(state: State, who: 'honest' | 'stolen', values: readonly number[], ages: readonly number[]): Step<State, Fact>[] {
  const sensor = state[who];
  const roomFor = who === 'honest' ? 2 : 1;
  return values.flatMap((value) =>
    ages.map((age) => {
      const underWay = [...sensor.underWay, { value, age }].slice(-roomFor);
      return { event: `${who} signs ${value} at ${-age}`, next: { ...state, [who]: { ...sensor, underWay } } };
    }),
  );
}

/** An anchor carries any reading that is under way; what is older than what is known is refused. */
function carry(state: State, who: 'honest' | 'stolen', { onlyNewer }: InterlockRules): Step<State, Fact>[] {
  const sensor = state[who];
  return sensor.underWay.map((known, i) => {
    const underWay = sensor.underWay.filter((_, j) => (onlyNewer ? j > i : j !== i));
    return { event: `${who} is anchored at ${known.value}`, next: { ...state, [who]: { ...sensor, known, underWay } } };
  });
}

function judge(state: State, command: Fact['command'], { envelope, evaluate, look }: InterlockRules): Step<State, Fact> {
  const given = { command: 'gate/open', arguments: [command === 'open' ? 1 : 0] };
  const refused = evaluate(envelope, given, NOW_MS, look(state));
  const fact = { command, code: refused?.code ?? null, rule: refused?.details['rule'] };
  return { event: `${command}: ${fact.code ?? 'issued'}`, next: state, fact };
}

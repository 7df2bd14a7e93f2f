/** What each phase of an intersection shows, as its controller told it in one text (specs/signals.md §10). */

const ASPECTS = ['red', 'yellow', 'green', 'dark', 'flash'] as const;
export type PhaseAspect = (typeof ASPECTS)[number];
export type PhaseNow = { readonly number: number; readonly aspect: PhaseAspect; readonly seconds: number };

const PHASE = /^([1-9]\d{0,2}) ([a-z]+) (\d{1,9})$/;
const COUNT_MAX = 64;

/** The phases of `2 green 12, 4 red 3`; null for any other text. */
export function parsePhases(text: unknown): readonly PhaseNow[] | null {
  const parts = typeof text === 'string' ? text.split(', ') : [];
  if (parts.length === 0 || parts.length > COUNT_MAX) return null;
  const phases: PhaseNow[] = [];
  for (const part of parts) {
    const [, number, word, seconds] = PHASE.exec(part) ?? [];
    const aspect = ASPECTS.find((each) => each === word);
    if (aspect === undefined) return null;
    phases.push({ number: Number(number), aspect, seconds: Number(seconds) });
  }
  return phases;
}

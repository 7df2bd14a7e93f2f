/** Says so where the clock of this machine and the city's differ, so that nobody wonders about times. */

import { type ReactNode, useEffect, useState } from 'react';
import { fill, useLanguage } from '../language.ts';
import { clockGapMs } from '../server-clock.ts';
import { formatSpan } from './format.ts';

const LOOK_EVERY_MS = 2_000;

/** Nothing while the two agree to within seconds. */
export function ClockNote(): ReactNode {
  const { sentences, tag } = useLanguage();
  const [gapMs, setGapMs] = useState(0);
  useEffect(() => {
    // In whole seconds: what is said does not flicker.
    const look = (): void => setGapMs(Math.round(clockGapMs() / 1_000) * 1_000);
    look();
    const timer = setInterval(look, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  if (gapMs === 0) return null;
  const sentence = gapMs > 0 ? sentences.clockAhead : sentences.clockBehind;
  return <p className="problem">{fill(sentence, { amount: formatSpan(gapMs, tag) })}</p>;
}

/** What a started city says of itself: where its doors are, what stands behind its devices, what to try next. */

import { join } from 'node:path';
import type { Cli } from '../cli.ts';
import { firstReading, nextSteps } from './first-steps.ts';
import type { Ready } from './start-options.ts';

export type Told = {
  readonly cli: Cli;
  /** The folder whose `city.policy` is named. */
  readonly place: string;
  readonly ready: Ready;
  readonly isDemo: boolean;
  readonly speed?: number | undefined;
  readonly isOver: () => boolean;
  /** Nothing here was ever started before, though it was made before. */
  readonly isFirst?: boolean;
  /** Further facts for people, and for programs. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
  readonly facts?: object;
};

/** Says it once the first reading is there, or in time without one. */
export async function tellCity({
  cli,
  place,
  ready,
  isDemo,
  speed = 1,
  isOver,
  isFirst = false,
  fields = [],
  facts = {},
}: Told): Promise<void> {
  const { data, output, json } = cli;
  const { http: api, mqtt, mqtts, founded } = ready;
  const policy = join(place, 'city.policy');
  if (json) {
    output.line(JSON.stringify({ api, mqtt, mqtts, data, policy, founded, demo: isDemo, ...facts }));
    return;
  }
  output.line(openingLine(place, { founded, isFirst }));
  output.line();
  output.fields([
    ['Console', `${api}  (see the town, check a reading)`],
    ['API', `${api}  (documentation: ${api}/docs)`],
    ['MQTT', mqtt],
    ['MQTT by TLS', mqtts],
    ['policy', `${policy}  (all that a verifier needs)`],
    ['verifier', `${api}/verify  (save the page: it works without a network)`],
    ...fields,
  ]);
  output.line();
  if (isDemo)
    output.line('The devices attached are simulated: no machine stands behind their readings, and every verdict says so.');
  if (isDemo && speed > 1) output.line(`Their town’s clock runs ${speed} times as fast; each reading says it as town-time.`);
  const reading = isDemo ? await firstReading(api, isOver) : null;
  if (isOver()) return;
  output.line('Try, in another terminal:');
  for (const step of nextSteps({ api, data: place, reading, isDemo })) output.line(`  ${step}`);
  output.line();
  output.line('Ctrl-C stops it; the next start goes on where this one ended.');
}

/** What the start means for the city in this folder: it was made now, it was made before and begins now, or it was here before. */
export function openingLine(
  place: string,
  { founded, isFirst }: { readonly founded: boolean; readonly isFirst: boolean },
): string {
  if (founded) return `A new city was made in ${place}.`;
  return `The city in ${place} ${isFirst ? 'begins here' : 'goes on'}.`;
}

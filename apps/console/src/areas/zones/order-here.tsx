/** How something is ordered in a zone: which lines the holders of its keys type, with as many signatures as the envelope asks for. */

import type { ZoneDetailJson } from '@oppidum/gateway/api/orders';
import { type ReactNode, useState } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { formatNumber, formatSpan } from '../../parts/format.ts';
import { atCity, commandLine } from '../maker/command-line.ts';
import { CopyBlock } from '../maker/copy-block.tsx';
import '../maker/maker.css';
import { TEXTS } from '../orders/texts.ts';
import { ORDER_HERE_TEXTS } from './texts-order-here.ts';

const [FIRST, SECOND] = ['first-order-key.seed', 'second-order-key.seed'];

/** A command with its arguments, and what it is called where numbers alone say little. */
export type OrderChoice = { readonly words: readonly string[]; readonly name?: string };

/** `choices`: what may be chosen, the first at first. */
export function OrderHere({
  zone,
  choices,
}: {
  readonly zone: ZoneDetailJson;
  readonly choices: readonly OrderChoice[];
}): ReactNode {
  const { code, tag } = useLanguage();
  const texts = ORDER_HERE_TEXTS[code];
  const [place, setPlace] = useState(0);
  const words = choices[place]?.words ?? choices[0]?.words ?? [];
  const { keySet, envelopeInForce: envelope } = zone;
  const isDangerous = envelope.dangerous.includes(words[0] ?? '');
  const needed = isDangerous ? keySet.dangerousThreshold : keySet.threshold;
  const lifetimeMs = isDangerous ? envelope.dangerousLifetimeMsMax : envelope.lifetimeMsMax;
  const says = {
    ...{ needed: formatNumber(needed, tag), count: formatNumber(keySet.keys.length, tag) },
    lifetime: formatSpan(lifetimeMs, tag),
  };
  const city = atCity(location.origin);
  const issue = commandLine(['order', 'issue', ...words, '--zone', zone.id, '--all', '--order-key', FIRST, '--wait', ...city]);
  const watch = commandLine(['order', 'watch', '--approve-with', SECOND, ...city]);
  return (
    <section className="card" aria-labelledby="order-here-heading">
      <h2 id="order-here-heading">{texts.heading}</h2>
      <label>
        {texts.choose}{' '}
        <select dir="ltr" name="order" value={String(place)} onChange={({ target }) => setPlace(Number(target.value))}>
          {choices.map((choice, i) => (
            <option key={choice.words.join(' ')} value={String(i)}>
              {[choice.words.join(' '), ...(choice.name === undefined ? [] : [choice.name])].join(' – ')}
            </option>
          ))}
        </select>
      </label>
      <p>{fill(texts.says, says)}</p>
      {needed > 1 && (
        <>
          <h3>{texts.second}</h3>
          <CopyBlock text={watch ?? ''} name="order-watch" label={texts.second} words={TEXTS[code]} />
        </>
      )}
      <h3>{needed > 1 ? texts.first : texts.alone}</h3>
      <CopyBlock text={issue ?? ''} name="order-issue" label={texts.first} words={TEXTS[code]} />
      <p className="hint">{texts.keys}</p>
      <p className="hint">{texts.after}</p>
    </section>
  );
}

/** What the lamps of a zone saved so far, how bright they were, and which of them fail. */

import type { LightingAccountJson } from '@oppidum/gateway/api/lighting';
import { lazy, type ReactNode, Suspense, useMemo, useState } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { formatAmount, formatEuros, formatInUnits, formatNumber, formatTime } from '../../parts/format.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { Facts, IdLink, Time } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { LIGHTING_TEXTS } from './texts-lighting.ts';

/** The library that draws comes with the first chart. */
const Chart = lazy(async () => ({ default: (await import('../../parts/chart.tsx')).Chart }));

const EVERY_MS = 15_000;
const WH_A_KWH = 1_000;
/** As the simulated year has them (`npm run simulate -- lighting --help`). */
const [PRICE_DEFAULT, GRAMS_DEFAULT] = [0.25, 350];
const GRAMS_A_KG = 1_000;

/** Of the zone with this id. */
export function LightingAccount({ zone }: { readonly zone: string }): ReactNode {
  const texts = LIGHTING_TEXTS[useLanguage().code];
  const loaded = useLoaded<LightingAccountJson>(`/api/v1/zones/${zone}/lighting`, EVERY_MS);
  const account = loaded.value;
  return (
    <section aria-labelledby="lighting-heading" data-lighting={account === null ? 'asking' : 'said'}>
      <h2 id="lighting-heading">{texts.heading}</h2>
      <Freshness of={loaded} />
      {account !== null && account.counted === 0 && <p className="hint">{texts.nothing}</p>}
      {account !== null && account.counted > 0 && (
        <>
          <Saved account={account} />
          <Levels account={account} />
        </>
      )}
      {account !== null && <Faults account={account} />}
    </section>
  );
}

function Saved({ account }: { readonly account: LightingAccountJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = LIGHTING_TEXTS[code];
  const [price, setPrice] = useState(String(PRICE_DEFAULT));
  const [grams, setGrams] = useState(String(GRAMS_DEFAULT));
  const { usedWh, undimmedWh, halfNightWh, fromMs, toMs, counted, lamps } = account;
  const energy = (wh: number): string => formatInUnits(wh, WH_A_KWH, ['Wh', 'kWh'], tag);
  const against = (wh: number): string => {
    const share = wh === 0 ? 0 : (wh - usedWh) / wh;
    return fill(texts.savedSay, {
      energy: energy(wh - usedWh),
      share: formatAmount(Math.round(1_000 * share) / 1_000, '/', tag),
    });
  };
  const savedKwh = (undimmedWh - usedWh) / WH_A_KWH;
  const span = {
    ...{ from: formatTime(fromMs, tag), to: formatTime(toMs, tag) },
    ...{ counted: formatNumber(counted, tag), lamps: formatNumber(lamps, tag) },
  };
  return (
    <>
      <p>{fill(texts.span, span)}</p>
      <Facts
        facts={[
          [texts.used, energy(usedWh)],
          [texts.undimmed, energy(undimmedWh)],
          [texts.halfNight, energy(halfNightWh)],
          [texts.saved, <strong key="saved">{against(undimmedWh)}</strong>],
          [texts.savedHalfNight, against(halfNightWh)],
          [texts.money, formatEuros(savedKwh * Number(price), tag)],
          [texts.co2, formatInUnits(savedKwh * Number(grams), GRAMS_A_KG, ['g', 'kg'], tag)],
        ]}
      />
      <fieldset className="assumptions">
        <legend>{texts.assumptions}</legend>
        <Assumption says={texts.price} value={price} step="0.01" onChange={setPrice} />
        <Assumption says={texts.grams} value={grams} step="1" onChange={setGrams} />
      </fieldset>
      <p className="hint">{texts.assumed}</p>
    </>
  );
}

function Assumption(props: {
  readonly says: string;
  readonly value: string;
  readonly step: string;
  readonly onChange: (value: string) => void;
}): ReactNode {
  const { says, value, step, onChange } = props;
  return (
    <label>
      <input type="number" min="0" step={step} dir="ltr" value={value} onChange={({ target }) => onChange(target.value)} /> {says}
    </label>
  );
}

function Levels({ account: { intervals } }: { readonly account: LightingAccountJson }): ReactNode {
  const { code, tag, sentences } = useLanguage();
  const texts = LIGHTING_TEXTS[code];
  const [levels, powers, undimmed] = useMemo(
    () => [
      intervals.map(({ fromMs, level }) => ({ timeMs: fromMs, value: level })),
      intervals.map(({ fromMs, powerW }) => ({ timeMs: fromMs, value: powerW })),
      { name: texts.undimmed, values: intervals.map(({ undimmedW }) => undimmedW) },
    ],
    [intervals, texts],
  );
  const watts = (value: number): string => formatAmount(Math.round(10 * value) / 10, 'W', tag);
  return (
    <>
      <Suspense fallback={<p className="hint">{sentences.loading}</p>}>
        <div className="charts">
          <Chart name={texts.levels} unit="/" points={levels} />
          <Chart name={texts.power} unit="W" points={powers} against={undimmed} />
        </div>
      </Suspense>
      <details>
        <summary>{texts.table}</summary>
        <DataTable
          label={texts.heading}
          rows={[...intervals].reverse()}
          keyOf={({ fromMs }) => String(fromMs)}
          empty="–"
          columns={[
            { name: 'until', heading: texts.until, cell: ({ toMs }) => <Time ms={toMs} /> },
            {
              name: 'level',
              heading: texts.levels,
              cell: ({ level }) => formatAmount(Math.round(1_000 * level) / 1_000, '/', tag),
            },
            { name: 'power', heading: texts.power, cell: ({ powerW }) => watts(powerW) },
            { name: 'undimmed', heading: texts.undimmed, cell: ({ undimmedW }) => watts(undimmedW) },
            { name: 'half', heading: texts.halfNight, cell: ({ halfNightW }) => watts(halfNightW) },
          ]}
        />
      </details>
    </>
  );
}

function Faults({ account: { faults, faultCount } }: { readonly account: LightingAccountJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = LIGHTING_TEXTS[code];
  return (
    <section>
      <h3>
        {texts.faultsHeading}
        {faultCount > 0 && ` (${formatNumber(faultCount, tag)})`}
      </h3>
      {faults.length === 0 ? (
        <p className="hint">{texts.faultsNone}</p>
      ) : (
        <ul>
          {faults.map(({ device, label, sinceMs }) => (
            <li key={device}>
              <IdLink id={device} to={{ view: 'device', id: device }} label={label} />:{' '}
              {fill(texts.dead, { time: formatTime(sinceMs, tag) })}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

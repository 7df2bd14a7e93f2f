/** Cabinet by cabinet: what its meter counted against what its lamps explain, and what that finds. */

import type { CabinetAccountJson, CabinetAccountsJson } from '@oppidum/gateway/api/cabinets';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { formatAmount, formatInUnits, formatNumber, formatTime } from '../../parts/format.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { IdLink } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { LIGHTING_TEXTS } from './texts-lighting.ts';

const EVERY_MS = 30_000;
const PERCENT = 100;
const WH_A_KWH = 1_000;

/** Of the lighting zone with this id. */
export function CabinetAccounts({ zone }: { readonly zone: string }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = LIGHTING_TEXTS[code];
  const loaded = useLoaded<CabinetAccountsJson>(`/api/v1/zones/${zone}/cabinets`, EVERY_MS);
  const items = loaded.value?.items ?? null;
  const watts = (value: number): string => formatAmount(Math.round(10 * value) / 10, 'W', tag);
  const energy = (kwh: number): string => formatInUnits(WH_A_KWH * kwh, WH_A_KWH, ['Wh', 'kWh'], tag);
  return (
    <section aria-labelledby="cabinets-heading" data-cabinets={items?.length}>
      <h2 id="cabinets-heading">{texts.cabinetsHeading}</h2>
      {loaded.problem?.code === 'LIGHT_CABINETS_MISSING' ? (
        <p className="hint">{texts.cabinetsNone}</p>
      ) : (
        <>
          <p className="hint">{texts.cabinetsNote}</p>
          <Freshness of={loaded} />
        </>
      )}
      <DataTable
        label={texts.cabinetsHeading}
        rows={items}
        keyOf={({ meter, name }) => `${meter} ${name}`}
        empty="–"
        columns={[
          {
            name: 'cabinet',
            heading: texts.cabinet,
            cell: ({ meter, name }) => <IdLink id={meter} to={{ view: 'device', id: meter }} label={name} />,
          },
          { name: 'lamps', heading: texts.lamps, cell: ({ lampCount }) => formatNumber(lampCount, tag) },
          { name: 'measured', heading: texts.used, cell: ({ measuredKwh }) => energy(measuredKwh) },
          { name: 'undimmed', heading: texts.undimmed, cell: ({ undimmedKwh }) => energy(undimmedKwh) },
          {
            name: 'saved',
            heading: texts.savedShort,
            cell: ({ savedPercent }) => (savedPercent === null ? '–' : formatAmount(savedPercent / PERCENT, '/', tag)),
          },
          {
            name: 'residual',
            heading: texts.residual,
            cell: ({ account }) =>
              account === null
                ? '–'
                : fill(texts.plusMinus, { power: watts(account.residualW), uncertainty: watts(account.uncertaintyW) }),
          },
          { name: 'found', heading: texts.found, cell: ({ account }) => <Found account={account} /> },
        ]}
      />
      {loaded.value !== null && loaded.value.next !== null && (
        <p className="hint">
          {fill(texts.cabinetsMore, {
            shown: formatNumber(loaded.value.next, tag),
            count: formatNumber(loaded.value.count, tag),
          })}
        </p>
      )}
      <Hidden items={items ?? []} />
    </section>
  );
}

function Found({ account }: Pick<CabinetAccountJson, 'account'>): ReactNode {
  const { code, tag } = useLanguage();
  const texts = LIGHTING_TEXTS[code];
  const watts = (value: number): string => formatAmount(Math.round(10 * value) / 10, 'W', tag);
  if (account === null) return texts.notYet;
  const { dead, stolen, unexplained } = account;
  if (dead.length + stolen.length === 0 && !unexplained) return texts.foundNothing;
  return (
    <ul className="values">
      {dead.map(({ count, lamps }) => (
        <li key={lamps.join()} className="problem">
          {fill(texts.deadOf, { count: formatNumber(count, tag) })}{' '}
          {lamps.map((id) => (
            <span key={id}>
              <IdLink id={id} to={{ view: 'device', id }} />{' '}
            </span>
          ))}
        </li>
      ))}
      {stolen.map(({ powerW, uncertaintyW, fromMs, toMs }) => (
        <li key={fromMs} className="problem">
          {fill(texts.stolen, {
            ...{ power: watts(powerW), uncertainty: watts(uncertaintyW) },
            ...{ from: formatTime(fromMs, tag), to: formatTime(toMs, tag) },
          })}
        </li>
      ))}
      {unexplained && <li className="problem">{texts.foundOpen}</li>}
    </ul>
  );
}

/** What the bounds hide at worst. */
function Hidden({ items }: { readonly items: readonly CabinetAccountJson[] }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = LIGHTING_TEXTS[code];
  const hidden = items.flatMap(({ account }) => account?.hidden ?? []);
  if (hidden.length === 0) return null;
  const dead = Math.max(...hidden.map(({ deadLamps }) => deadLamps));
  const stolen = Math.max(...hidden.map(({ stolenW }) => stolenW));
  return (
    <p className="hint">
      {fill(texts.hidden, { dead: formatNumber(dead, tag), stolen: formatAmount(Math.round(10 * stolen) / 10, 'W', tag) })}
    </p>
  );
}

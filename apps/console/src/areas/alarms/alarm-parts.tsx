/** Pieces that the list of alarms and the page of one share. */

import { ERRORS } from '@oppidum/formats/error-catalogue';
import type { AlarmJson } from '@oppidum/gateway/api/alarms';
import type { ReactNode } from 'react';
import { useLanguage } from '../../language.ts';
import { IdLink, Quoted, StateBadge } from '../../parts/texts.tsx';
import type { Route } from '../../route.ts';
import { STREET_TEXTS } from '../../texts/device-street.ts';
import { NOW_TEXTS } from '../zones/texts-now.ts';
import { TEXTS } from './texts.ts';

const ORDER_ID = /^[0-9a-f]{64}$/;

/** Where a subject has a page of its own; null: nowhere. */
function pageOf({ kind, id }: AlarmJson['subject']): Route | null {
  switch (kind) {
    case 'device':
    case 'model':
      return { view: kind, id };
    case 'zone':
      return { view: 'area', area: 'zones', argument: id };
    case 'order':
      return { view: 'area', area: 'orders', argument: id };
    default:
      return null;
  }
}

/** What it is about, by the name that the ledger has for it. */
export function Subject({ of }: { readonly of: AlarmJson['subject'] }): ReactNode {
  const { code } = useLanguage();
  const page = pageOf(of);
  const kind = TEXTS[code].subjects[of.kind];
  return (
    <>
      {kind} {page === null ? <bdi>{of.name ?? `${of.id.slice(0, 10)}…`}</bdi> : <IdLink id={of.id} to={page} label={of.name} />}
    </>
  );
}

/** Who is called, and whether those before them did not answer in time. */
export function Calls({ alarm: { called, escalations } }: { readonly alarm: AlarmJson }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  if (called === null) return '–';
  return (
    <>
      {texts.called[called]} {escalations > 0 && <StateBadge state="escalated" text={texts.escalated} />}
    </>
  );
}

/** Who answers for it, by name where the account is no person. */
export function Answerer({ of }: { readonly of: AlarmJson['acknowledgement'] }): ReactNode {
  if (of === null) return '–';
  return <IdLink id={of.account} to={{ view: 'account', id: of.account }} label={of.accountName} />;
}

/** What belongs to its cause: a word of ours where it is one, the order that it is of, a code with its sentence, or the words of a machine. */
export function Detail({ of: { cause }, text }: { readonly of: AlarmJson; readonly text: string }): ReactNode {
  const { code } = useLanguage();
  const words: Readonly<Record<string, string>> =
    cause === 'device-quarantined' ? STREET_TEXTS[code].causes : cause === 'signal-trip' ? NOW_TEXTS[code].trips : {};
  if (Object.hasOwn(words, text)) return words[text];
  if (cause === 'break-glass' && ORDER_ID.test(text))
    return <IdLink id={text} to={{ view: 'area', area: 'orders', argument: text }} />;
  const sentence = Object.hasOwn(ERRORS, text) ? ERRORS[text as keyof typeof ERRORS].message : null;
  return (
    <>
      <Quoted text={text} lengthMax={80} /> {sentence !== null && <bdi lang="en">({sentence})</bdi>}
    </>
  );
}

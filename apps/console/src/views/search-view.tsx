/** Search by any id or hash: where one record has it, that is shown at once; where several do, all are named. */

import type { FoundJson } from '@oppidum/gateway/api-types';
import { type ReactNode, useEffect, useState } from 'react';
import { type ApiProblem, fetchJson, problemOf } from '../api.ts';
import { useLanguage } from '../language.ts';
import { ProblemText } from '../parts/freshness.tsx';
import { Id } from '../parts/texts.tsx';
import { addressOf, type Route } from '../route.ts';
import { LEDGER_TEXTS } from '../texts/ledger.ts';

const ID = /^[0-9a-f]{64}$/;
const HEIGHT = /^[0-9]{1,15}$/;

type Found = FoundJson['items'][number];
type Answer = { readonly items: readonly Found[] } | { readonly problem: ApiProblem } | null;

/** Goes to the record that the text names. */
export function SearchView({ text }: { readonly text: string }): ReactNode {
  const { sentences, code } = useLanguage();
  const [answer, setAnswer] = useState<Answer>(null);
  const asked = text.trim().toLowerCase();
  useEffect(() => {
    const stop = new AbortController();
    setAnswer(null);
    find(asked, stop.signal).then(
      (items) => {
        if (stop.signal.aborted) return;
        const [first] = items;
        const route = items.length === 1 && first !== undefined ? routeOf(first) : null;
        if (route !== null) location.replace(addressOf(route));
        else setAnswer({ items });
      },
      (error: unknown) => {
        if (!stop.signal.aborted) setAnswer({ problem: problemOf(error) });
      },
    );
    return () => stop.abort();
  }, [asked]);
  return (
    <>
      <h1>{sentences.searchLabel}</h1>
      {answer === null && <p role="status">{sentences.loading}</p>}
      {answer !== null && 'problem' in answer && <ProblemText code={answer.problem.code} message={answer.problem.message} />}
      {answer !== null && 'items' in answer && answer.items.length === 0 && (
        <p className="problem" role="status">
          {sentences.searchNone} {sentences.searchHint}
        </p>
      )}
      {answer !== null && 'items' in answer && answer.items.length > 0 && (
        <>
          <p>{LEDGER_TEXTS[code].several}</p>
          <ul>
            {answer.items.map((item) => (
              <FoundItem key={`${item.kind} ${item.height}`} item={item} />
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function FoundItem({ item }: { readonly item: Found }): ReactNode {
  const { code } = useLanguage();
  const { kind, id } = item;
  const route = routeOf(item);
  const name = LEDGER_TEXTS[code].foundKinds[kind];
  return (
    <li>
      {route === null ? name : <a href={addressOf(route)}>{name}</a>} <Id id={id} />
    </li>
  );
}

/** Null for what has no page of its own. */
function routeOf({ kind, id, height }: Found): Route | null {
  switch (kind) {
    case 'block':
      return height === null ? null : { view: 'block', height };
    case 'body':
    case 'shard':
      return null;
    case 'zone':
    case 'order':
    case 'alarm':
      return { view: 'area', area: `${kind}s`, argument: id };
    default:
      return { view: kind, id };
  }
}

async function find(text: string, signal: AbortSignal): Promise<readonly Found[]> {
  if (HEIGHT.test(text)) return [{ kind: 'block', id: text, height: Number(text) }];
  if (!ID.test(text)) return [];
  return (await fetchJson<FoundJson>(`/api/v1/find/${text}`, signal)).items;
}

/** The newest checkpoint: who cosigned it, and whether that suffices under the policy that this browser pinned. */

import { type Bytes, parseUtf8 } from '@oppidum/formats/bytes';
import type { CityJson } from '@oppidum/gateway/api-types';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { fetchBytes } from '../api.ts';
import { type Cosigner, type Standing, standingOf, type ValidatorCount } from '../checkpoint-standing.ts';
import { fill, useLanguage } from '../language.ts';
import { DataTable } from '../parts/data-table.tsx';
import { formatNumber } from '../parts/format.ts';
import { Facts, Quoted, Time, YesNo } from '../parts/texts.tsx';
import { onPinned, type PinnedPolicy, pinnedPolicy } from '../pinned-policy.ts';
import { addressOf } from '../route.ts';
import { LEDGER_TEXTS, type LedgerTexts } from '../texts/ledger.ts';
import { useLoaded } from '../use-loaded.ts';

const EVERY_MS = 2_000;

/** Nothing before the first checkpoint. */
export function CheckpointCard(): ReactNode {
  const { sentences, code, tag } = useLanguage();
  const texts = LEDGER_TEXTS[code];
  const note = useCheckpoint();
  const engine = useLoaded<CityJson>('/api/v1/city').value?.engine;
  const [pinned, setPinned] = useState<PinnedPolicy | null>(pinnedPolicy);
  useEffect(() => onPinned(() => setPinned(pinnedPolicy())), []);
  const standing = useMemo(
    () => (note === null ? null : pinned === null ? namesOf(note) : standingOf(pinned.policy, note)),
    [note, pinned],
  );
  if (standing === null) return null;
  const { origin, size, cosigners, validators, refusal } = standing;
  return (
    <section className="card" aria-labelledby="checkpoint-heading">
      <h2 id="checkpoint-heading">{sentences.checkpointHeading}</h2>
      <Facts
        facts={[
          [texts.checkpointSize, formatNumber(size, tag)],
          [sentences.identifier, <Quoted key="origin" text={origin} />],
          ...(engine === undefined ? [] : [[texts.engine, texts.engines[engine]] as const]),
          ...(validators === null ? [] : [[texts.validators, describeValidators(texts, tag, validators)] as const]),
        ]}
      />
      <Judgement isPinned={pinned !== null} refusal={refusal} />
      <DataTable<Cosigner>
        label={texts.cosigner}
        rows={cosigners}
        keyOf={({ name, part }) => `${part} ${name}`}
        empty={sentences.none}
        columns={[
          { name: 'name', heading: texts.cosigner, cell: ({ name }) => <Quoted text={name} lengthMax={120} /> },
          { name: 'part', heading: texts.part, cell: ({ part }) => (pinned === null ? sentences.unknown : texts.parts[part]) },
          { name: 'cosigned', heading: texts.cosigned, cell: ({ cosignedMs }) => <Time ms={cosignedMs} /> },
          {
            name: 'quorum',
            heading: texts.inQuorum,
            cell: ({ isInQuorum }) => (pinned === null ? sentences.unknown : <YesNo value={isInQuorum} />),
          },
        ]}
      />
    </section>
  );
}

/** How many cosigned and must, and what the city survives. */
function describeValidators(texts: LedgerTexts, tag: string, { count, needed, cosigned, faultsMax }: ValidatorCount): string {
  const number = (value: number): string => formatNumber(value, tag);
  if (count === 1) return texts.validatorAlone;
  const quorum = fill(texts.validatorQuorum, { cosigned: number(cosigned), count: number(count), needed: number(needed) });
  return `${quorum} ${faultsMax === 0 ? texts.faultsNone : fill(texts.faultsSome, { count: number(faultsMax) })}`;
}

function Judgement({ isPinned, refusal }: { readonly isPinned: boolean; readonly refusal: string | null }): ReactNode {
  const { sentences, code } = useLanguage();
  const texts = LEDGER_TEXTS[code];
  if (!isPinned)
    return (
      <p className="hint">
        {texts.unpinnedNote} <a href={addressOf({ view: 'trust' })}>{sentences.trustHeading}</a>
      </p>
    );
  if (refusal !== null) return <p className="problem">{fill(texts.unbelievedNote, { code: refusal })}</p>;
  return <p>{texts.believedNote}</p>;
}

/** The names that a note gives its signers, unchecked. */
function namesOf(note: Bytes): Standing {
  const text = parseUtf8(note);
  const [origin = '', size = ''] = text.split('\n');
  const names = new Set([...text.matchAll(/^— (\S+) /gm)].map(([, name]) => name ?? ''));
  names.delete(origin);
  const cosigners = [...names].map((name) => ({ name, part: 'stranger' as const, cosignedMs: null, isInQuorum: false }));
  return { origin, size: /^[0-9]{1,15}$/.test(size) ? Number(size) : 0, cosigners, validators: null, refusal: null };
}

function useCheckpoint(): Bytes | null {
  const [note, setNote] = useState<Bytes | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const load = (): void => {
      if (document.hidden) return;
      fetchBytes('/log/checkpoint', 'text/plain', stop.signal).then(setNote, () => undefined);
    };
    load();
    const timer = setInterval(load, EVERY_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, []);
  return note;
}

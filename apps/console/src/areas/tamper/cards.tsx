/** Step four: fsck, the verifier and the witness, each with a word, a colour and a sentence, and below it what it said itself. */

import { toHex } from '@oppidum/formats/bytes';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { keyId, parseVerifierKey } from '@oppidum/formats/verifier-key';
import type { FsckJson, PlayedJson, TwoHeadsJson } from '@oppidum/gateway/api/tamper';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { formatNumber } from '../../parts/format.ts';
import { ReportBox } from '../../parts/report-box.tsx';
import { Facts, Quoted } from '../../parts/texts.tsx';
import { type Catch, headOf, type Judged, judgeFork } from './judge.ts';
import { type TamperTexts, TEXTS } from './texts.ts';

/** A verdict: caught or not, why, and details below. */
function Card(props: {
  readonly name: string;
  readonly heading: string;
  readonly about: string;
  readonly isCaught: boolean;
  readonly sentence: string;
  readonly children: ReactNode;
}): ReactNode {
  const { name, heading, about, isCaught, sentence, children } = props;
  const { code } = useLanguage();
  const texts = TEXTS[code];
  return (
    <article className="card judge" data-judge={name} data-caught={isCaught ? 'yes' : 'no'}>
      <h3>{heading}</h3>
      <p className="hint">{about}</p>
      <p className={`outcome ${isCaught ? 'caught' : 'missed'}`}>
        <strong>
          <span aria-hidden="true">{isCaught ? '✓ ' : '– '}</span>
          {isCaught ? texts.caught : texts.missed}
        </strong>
      </p>
      <p>{sentence}</p>
      {children}
    </article>
  );
}

/** The three verdicts in one line, before the reasons. */
export function Summary({ caught }: { readonly caught: Readonly<Record<'fsck' | 'verifier' | 'witness', boolean>> }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  return (
    <div role="status">
      <ul className="summary">
        {(['fsck', 'verifier', 'witness'] as const).map((name) => (
          <li key={name} className={`outcome ${caught[name] ? 'caught' : 'missed'}`}>
            {texts[name].heading}: <strong>{caught[name] ? texts.caught : texts.missed}</strong>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What the check of the copied folder found. */
export function FsckCard({ fsck }: { readonly fsck: FsckJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code].fsck;
  const { damages, damaged, checked } = fsck;
  const rows = damages.map((damage, i) => ({ ...damage, place: i }));
  return (
    <Card
      name="fsck"
      heading={texts.heading}
      about={texts.about}
      isCaught={damaged > 0}
      sentence={damaged > 0 ? fill(texts.caught, { count: formatNumber(damaged, tag) }) : texts.missed}
    >
      {rows.length > 0 && (
        <DataTable
          label={texts.findings}
          rows={rows}
          keyOf={({ place }) => String(place)}
          empty=""
          columns={[
            { name: 'code', heading: texts.code, cell: (row) => <code>{row.code}</code> },
            { name: 'file', heading: texts.place, cell: (row) => <code dir="ltr">{row.file}</code> },
            {
              name: 'what',
              heading: texts.finding,
              cell: (row) => (
                <span lang="en" dir="ltr" className="finding">
                  <Quoted text={row.what} />
                </span>
              ),
            },
          ]}
        />
      )}
      <details>
        <summary>{texts.checkedHeading}</summary>
        <div lang="en" dir="ltr">
          <Facts facts={Object.entries(checked).map(([name, count]) => [name, formatNumber(count, tag)] as const)} />
        </div>
      </details>
    </Card>
  );
}

/** What the browser says of the evidence that is served now. */
export function VerifierCard(props: {
  readonly played: PlayedJson;
  readonly judged: Judged;
  readonly isPinned: boolean;
}): ReactNode {
  const { played, judged, isPinned } = props;
  const { code, tag } = useLanguage();
  const texts = TEXTS[code].verifier;
  const { now, remembered, beside, earlier, caught } = judged;
  return (
    <Card
      name="verifier"
      heading={texts.heading}
      about={`${texts.about} ${isPinned ? texts.pinned : texts.served}`}
      isCaught={caught !== null}
      sentence={sentenceOf(texts, caught, tag)}
    >
      {played.now.refusal !== null && <p className="problem">{fill(texts.refused, { code: played.now.refusal.code })}</p>}
      {now !== null && <ReportBox heading={texts.nowHeading} report={now} isOpen={now.color === 'red'} />}
      {remembered !== null && <ReportBox heading={texts.memoryHeading} report={remembered} isOpen={true} />}
      {beside !== null && <ReportBox heading={texts.besideHeading} report={beside} isOpen={false} />}
      <ReportBox heading={texts.earlierHeading} report={earlier} isOpen={false} />
    </Card>
  );
}

function sentenceOf(texts: TamperTexts['verifier'], caught: Catch | null, tag: string): string {
  if (caught === null) return texts.missed;
  if (caught.by !== 'receipt') return texts[caught.by];
  const index = formatNumber(caught.index, tag);
  return caught.now === null ? fill(texts.gone, { index }) : fill(texts.moved, { index, now: formatNumber(caught.now, tag) });
}

/** What witnesses answered that had cosigned the heads before. */
export function WitnessCard({ heads }: { readonly heads: readonly TwoHeadsJson[] }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code].witness;
  const refused = heads.find(({ witness }) => witness.code !== 'OK');
  const size = refused === undefined ? 0 : headOf(refused.before).size;
  return (
    <Card
      name="witness"
      heading={texts.heading}
      about={texts.about}
      isCaught={refused !== undefined}
      sentence={refused === undefined ? texts.missed : fill(texts.caught, { size: formatNumber(size, tag) })}
    >
      <DataTable
        label={texts.heading}
        rows={heads}
        keyOf={({ log }) => log}
        empty=""
        columns={[
          { name: 'log', heading: texts.log, cell: ({ log }) => texts.logs[log] },
          {
            name: 'answer',
            heading: texts.answer,
            cell: ({ witness }) => (
              <>
                {witness.code === 'OK' ? texts.cosigned : texts.refused} <code>{witness.code}</code>
              </>
            ),
          },
        ]}
      />
    </Card>
  );
}

/** Two heads that convict whoever signed them. */
export function Forks({ heads }: { readonly heads: readonly TwoHeadsJson[] }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const forks = heads.flatMap((each) => {
    const judged = judgeFork(each);
    return judged === null || each.fork === null ? [] : [{ ...each, fork: each.fork, isProven: judged.isProven }];
  });
  if (forks.length === 0) return null;
  return (
    <section className="card" data-forks={forks.map(({ log }) => log).join(' ')}>
      <h3>{texts.forkHeading}</h3>
      {forks.map(({ log, key, fork, isProven }) => (
        <div key={log}>
          <h4>
            {texts.witness.logs[log]} <code dir="ltr">{toHex(keyId(crypto, parseVerifierKey(crypto, key)))}</code>
          </h4>
          <p>
            {isProven
              ? fill(texts.fork, {
                  earlier: formatNumber(headOf(fork.earlier).size, tag),
                  later: formatNumber(headOf(fork.later).size, tag),
                })
              : texts.forkBroken}
          </p>
          {isProven && log === 'shard' && <p className="hint">{texts.forkWarning}</p>}
        </div>
      ))}
    </section>
  );
}

/** Step three: the reading and the stored bytes before and after, what differs marked by more than colour. */

import { type Bytes, parseBase64 } from '@oppidum/formats/bytes';
import { orNull } from '@oppidum/formats/errors';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { parseReading, parseReadingRecords } from '@oppidum/formats/reading';
import type { ResolvedRecord } from '@oppidum/formats/senml';
import type { PlayedJson, TamperRequestJson } from '@oppidum/gateway/api/tamper';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { formatAmount, unitText } from '../../parts/format.ts';
import { Quoted, Time } from '../../parts/texts.tsx';
import { TEXTS } from './texts.ts';

const BYTES_A_LINE = 16;
/** Lines that are shown of one place, from the first that differs on. */
const LINE_COUNT_MAX = 12;
/** Records that are shown of a reading. */
const RECORD_COUNT_MAX = 12;

/** Everything that a game changed. */
export function Changes({ played, request }: { readonly played: PlayedJson; readonly request: TamperRequestJson }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  return (
    <section>
      <h2>{texts.changesHeading}</h2>
      <p>
        <strong>{texts.what[request.what].name}</strong> · {texts.depth[request.depth].name}
      </p>
      <Values before={parseBase64(played.before)} after={played.after === null ? null : parseBase64(played.after)} />
      <p className="hint">{texts.bytesHint}</p>
      {played.changes.map(({ place, before, after }, i) => (
        <StoredBytes
          key={place}
          isOpen={i === 0}
          place={place}
          before={before === null ? null : parseBase64(before)}
          after={after === null ? null : parseBase64(after)}
        />
      ))}
    </section>
  );
}

function Values({ before, after }: { readonly before: Bytes; readonly after: Bytes | null }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const [old, now] = [recordsOf(before), after === null ? [] : recordsOf(after)];
  const count = Math.min(RECORD_COUNT_MAX, Math.max(old.length, now.length));
  return (
    <section className="wide card" aria-label={texts.changesHeading} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{texts.sensor}</th>
            <th scope="col">{texts.time}</th>
            <th scope="col">{texts.before}</th>
            <th scope="col">{texts.after}</th>
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: count }, (_, i) => i).map((i) => {
            const record = old[i] ?? now[i];
            const [was, is] = [shownValue(old[i], tag), shownValue(now[i], tag)];
            const isSame = was === is && old[i]?.name === now[i]?.name;
            return (
              <tr key={i}>
                <td>
                  <Quoted text={shortName(record)} />
                </td>
                <td>
                  <Time ms={record === undefined ? null : Math.round(record.timeS * 1_000)} />
                </td>
                <td>
                  <bdi>{was ?? texts.gone}</bdi>
                </td>
                <td>
                  {isSame ? (
                    <bdi>{is}</bdi>
                  ) : (
                    <mark>{is === null ? texts.gone : <bdi>{otherName(old[i], now[i]) + is}</bdi>}</mark>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** Where another sensor's record has come into the place, its name belongs to the value. */
function otherName(before: ResolvedRecord | undefined, after: ResolvedRecord | undefined): string {
  return before !== undefined && after !== undefined && before.name !== after.name ? `${shortName(after)} ` : '';
}

function recordsOf(envelope: Bytes): readonly ResolvedRecord[] {
  return orNull(() => parseReadingRecords(parseReading(crypto, envelope))) ?? [];
}

function shortName(record: ResolvedRecord | undefined): string {
  return record?.name.split(':').at(-1) ?? '';
}

function shownValue(record: ResolvedRecord | undefined, tag: string): string | null {
  if (record === undefined) return null;
  const { value, sum, unit } = record;
  const shown = value ?? sum;
  return typeof shown === 'number' ? formatAmount(shown, unit, tag) : `${shown} ${unitText(unit)}`.trim();
}

function StoredBytes({
  place,
  before,
  after,
  isOpen,
}: {
  readonly place: string;
  readonly before: Bytes | null;
  readonly after: Bytes | null;
  readonly isOpen: boolean;
}): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const isText = place.endsWith('checkpoint');
  const first = isText ? 0 : firstDifference(before, after);
  const sides = [
    [texts.before, before, after],
    [texts.after, after, before],
  ] as const;
  return (
    <details className="card" open={isOpen}>
      <summary>
        {fill(texts.storedAt, { place: '' })}
        <code dir="ltr">{place}</code>
      </summary>
      <div className="pair">
        {sides.map(([name, bytes, other]) => (
          <figure key={name}>
            <figcaption>{name}</figcaption>
            {bytes === null ? (
              <p>{texts.gone}</p>
            ) : (
              <Dump label={name} bytes={bytes} other={other} first={first} isText={isText} />
            )}
          </figure>
        ))}
      </div>
    </details>
  );
}

/** Index of the first byte that is not the same. */
function firstDifference(before: Bytes | null, after: Bytes | null): number {
  if (before === null || after === null) return 0;
  const index = before.findIndex((byte, i) => byte !== after[i]);
  return index < 0 ? Math.min(before.length, after.length) : index;
}

function Dump(props: {
  readonly label: string;
  readonly bytes: Bytes;
  readonly other: Bytes | null;
  readonly first: number;
  readonly isText: boolean;
}): ReactNode {
  const { label, bytes, other, first, isText } = props;
  return (
    <section aria-label={label} tabIndex={0} className="wide dump">
      <pre dir="ltr" className={isText ? 'note' : 'hex'}>
        {isText ? <TextLines bytes={bytes} other={other} /> : <HexLines bytes={bytes} other={other} first={first} />}
      </pre>
    </section>
  );
}

type Side = { readonly bytes: Bytes; readonly other: Bytes | null };

function TextLines({ bytes, other }: Side): ReactNode {
  const others = new Set(other === null ? [] : new TextDecoder().decode(other).split('\n'));
  const lines = new TextDecoder().decode(bytes).trimEnd().split('\n');
  return lines
    .map((line, at) => ({ at, line }))
    .map(({ at, line }) => (
      <span key={at}>
        {others.has(line) ? line : <mark>{line}</mark>}
        {'\n'}
      </span>
    ));
}

function HexLines({ bytes, other, first }: Side & { readonly first: number }): ReactNode {
  const start = Math.max(0, Math.floor(first / BYTES_A_LINE) - 1) * BYTES_A_LINE;
  const end = Math.min(bytes.length, start + LINE_COUNT_MAX * BYTES_A_LINE);
  const lines = Array.from({ length: Math.ceil((end - start) / BYTES_A_LINE) }, (_, i) => start + i * BYTES_A_LINE);
  return (
    <>
      {start > 0 ? '…\n' : ''}
      {lines.map((at) => (
        <HexLine key={at} bytes={bytes} other={other} at={at} />
      ))}
      {end < bytes.length ? '…' : ''}
    </>
  );
}

/** Bytes that differ stand in a mark, together where they stand together. */
function HexLine({ bytes, other, at }: Side & { readonly at: number }): ReactNode {
  const runs: { readonly at: number; readonly isSame: boolean; text: string }[] = [];
  for (let i = at; i < Math.min(bytes.length, at + BYTES_A_LINE); i++) {
    const isSame = other !== null && bytes[i] === other[i];
    const digits = (bytes[i] as number).toString(16).padStart(2, '0');
    const run = runs.at(-1);
    if (run !== undefined && run.isSame === isSame) run.text += ` ${digits}`;
    else runs.push({ at: i, isSame, text: digits });
  }
  return (
    <span>
      {`${at.toString(16).padStart(4, '0')}  `}
      {runs.map((run) => (
        <span key={run.at}>
          {run.at > at ? ' ' : ''}
          {run.isSame ? run.text : <mark>{run.text}</mark>}
        </span>
      ))}
      {'\n'}
    </span>
  );
}

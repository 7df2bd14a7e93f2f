/** An envelope in words, as this browser reads it from the bytes that the order keys signed. */

import { parseBase64 } from '@oppidum/formats/bytes';
import { type Direction, type Envelope, parseEnvelope, type Range } from '@oppidum/formats/envelope';
import { FormatError } from '@oppidum/formats/errors';
import { plainText } from '@oppidum/pages/plain-text';
import { type ReactNode, useMemo } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { formatNumber, formatSpan } from '../../parts/format.ts';
import { Facts, Quoted } from '../../parts/texts.tsx';
import { QuantityNow } from './quantity-now.tsx';
import { TEXTS, type ZoneTexts } from './texts.ts';

/** `statement`: base64, as the city sent it. */
export function EnvelopeWords({ statement }: { readonly statement: string }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const read = useMemo(() => readEnvelope(statement), [statement]);
  return (
    <>
      <section className="card" aria-labelledby="envelope-heading">
        <h2 id="envelope-heading">{texts.envelopeHeading}</h2>
        {read instanceof FormatError ? (
          <p className="problem">{fill(texts.envelopeUnreadable, { code: read.code })}</p>
        ) : (
          <Allowed envelope={read} />
        )}
      </section>
      {!(read instanceof FormatError) && <Interlocks envelope={read} />}
    </>
  );
}

function readEnvelope(statement: string): Envelope | FormatError {
  try {
    return parseEnvelope(parseBase64(statement));
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}

function Allowed({ envelope }: { readonly envelope: Envelope }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const { safe, dangerous, lifetimeMsMax, dangerousLifetimeMsMax, version } = envelope;
  return (
    <>
      <p className="hint">
        {texts.envelopeNote} {fill(texts.version, { version: formatNumber(version, tag) })}
      </p>
      <Facts
        facts={[
          [
            texts.safe,
            safe.length === 0 ? texts.safeNone : <Lines key="safe" lines={safe.map((each) => directionText(each, texts, tag))} />,
          ],
          [
            texts.dangerous,
            dangerous.length === 0 ? (
              texts.dangerousNone
            ) : (
              <Lines key="dangerous" lines={dangerous.map((each) => plainText(each))} />
            ),
          ],
          [texts.lifetime, formatSpan(lifetimeMsMax, tag)],
          [texts.dangerousLifetime, formatSpan(dangerousLifetimeMsMax, tag)],
        ]}
      />
    </>
  );
}

/** `lines`: as plain as they are shown. */
function Lines({ lines }: { readonly lines: readonly string[] }): ReactNode {
  return (
    <ul className="values">
      {lines.map((line) => (
        <li key={line}>
          <bdi>{line}</bdi>
        </li>
      ))}
    </ul>
  );
}

function Interlocks({ envelope }: { readonly envelope: Envelope }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const needsText = ({ needs }: Envelope['rules'][number]): string => {
    if (needs === undefined) return texts.forbidden;
    const decimals = envelope.quantities.find(({ name }) => name === needs.quantity)?.decimals ?? 0;
    return `${plainText(needs.quantity)}: ${rangeText(needs, texts, tag, decimals)}`;
  };
  return (
    <section aria-labelledby="rules-heading">
      <h2 id="rules-heading">{texts.rulesHeading}</h2>
      {envelope.rules.length > 0 && <p className="hint">{texts.rulesNote}</p>}
      <DataTable
        label={texts.rulesHeading}
        rows={envelope.rules}
        keyOf={({ name }) => name}
        empty={texts.rulesNone}
        columns={[
          { name: 'rule', heading: texts.rule, cell: ({ name }) => <Quoted text={name} /> },
          { name: 'command', heading: texts.command, cell: (rule) => <bdi>{directionText(rule, texts, tag)}</bdi> },
          { name: 'needs', heading: texts.needs, cell: (rule) => <bdi>{needsText(rule)}</bdi> },
        ]}
      />
      {envelope.quantities.map((quantity) => (
        <QuantityNow key={quantity.name} quantity={quantity} />
      ))}
    </section>
  );
}

/** `light/level up to 59`: plain where an engineer wrote it, and numbers as the reader's language has them. */
function directionText({ command, arguments: ranges }: Direction, texts: ZoneTexts, tag: string): string {
  return [plainText(command), ...ranges.map((range) => rangeText(range, texts, tag, 0))].join(' ');
}

/** `decimals`: bounds are whole numbers of 10^-decimals. */
function rangeText({ min, max }: Range, { range }: ZoneTexts, tag: string, decimals: number): string {
  const shown = (bound: number): string => formatNumber(bound / 10 ** decimals, tag);
  if (min === undefined) return max === undefined ? range.any : fill(range.upTo, { max: shown(max) });
  if (max === undefined) return fill(range.from, { min: shown(min) });
  return fill(min === max ? range.exactly : range.between, { min: shown(min), max: shown(max) });
}

/** What a certificate is about, as it was asked; what is proven of it stands in the report. */

import type { ReactNode } from 'react';
import { useLanguage } from '../../language.ts';
import { Id, Time } from '../../parts/texts.tsx';
import { kindName } from '../../texts/kinds.ts';
import { TEXTS } from './texts.ts';
import type { Source } from './use-certificate.ts';

/** A line or two: a kind and its ids, or a span. */
export function Subject({ source }: { readonly source: Source }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  switch (source.by) {
    case 'id':
      return <Id id={source.id} />;
    case 'file':
      return texts.fileHeading;
    case 'records': {
      const { kind, segments, from, to } = source;
      const isSpan = from !== null || to !== null;
      return (
        <>
          {kindName(code, kind)} {segments.length > 0 && <Id id={segments.join(' ')} />}{' '}
          {isSpan && <bdi dir="ltr">{`${from ?? 0} – ${to ?? '…'}`}</bdi>}
        </>
      );
    }
    case 'readings': {
      const { device, keyNumber, fromMs, toMs } = source;
      return (
        <>
          <Id id={device} /> {texts.keyNumber} {keyNumber}, <Time ms={fromMs} /> – <Time ms={toMs} />
        </>
      );
    }
  }
}

/** What a check in this browser came to: never green where something else is shown, or the past. */

import { toHex } from '@oppidum/formats/bytes';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { bytesView, reportView } from '@oppidum/pages/report-view';
import { type ReactNode, useEffect, useRef } from 'react';
import type { Check, Way } from '../check-evidence.ts';
import { fill, useLanguage } from '../language.ts';
import { addressOf } from '../route.ts';
import { differences, type Shown } from '../shown-facts.ts';
import { TRUST_TEXTS } from '../texts/trust.ts';
import { formatNumber } from './format.ts';

/** What is wrong although the evidence may be true; else the report. Green is shown for nothing that is not on the page. */
export function CheckAnswer({ check, shown }: { readonly check: Check; readonly shown: Shown | null }): ReactNode {
  const { sentences, code, tag } = useLanguage();
  const texts = TRUST_TEXTS[code];
  const { report, file, isAsked, older, way } = check;
  if (!isAsked) return <Refused verdict="OTHER_FACT" text={sentences.otherFact} />;
  const differing = shown === null ? [] : differences(shown, report, file);
  if (differing.length > 0)
    return (
      <>
        <Refused verdict="SHOWN_DIFFERS" text={texts.shownDiffers} detail={differing.join(', ')} />
        <details>
          <summary>{texts.provenInstead}</summary>
          <CheckReport check={check} />
        </details>
      </>
    );
  if (older !== null) {
    const sizes = `${formatNumber(older.size, tag)} < ${formatNumber(older.seenSize, tag)}`;
    return <Refused verdict="CHECKPOINT_OLD" text={texts.checkpointOld} detail={sizes} />;
  }
  return (
    <>
      <WayNote way={way} />
      <CheckReport check={check} />
    </>
  );
}

/** What became of the way from the pinned policy to the one in force, where there was one to go; where to go on by hand, where it is lost. */
function WayNote({ way }: { readonly way: Way }): ReactNode {
  const { code, sentences } = useLanguage();
  const texts = TRUST_TEXTS[code];
  const { followedCount, refusedBy, isLost } = way;
  return (
    <>
      {followedCount > 0 && <p className="hint">{texts.followedNow}</p>}
      {refusedBy !== null && <p className="problem">{fill(texts.followRefused, { verdict: refusedBy })}</p>}
      {isLost && (
        <p className="hint">
          {texts.wayLost} <a href={addressOf({ view: 'trust' })}>{sentences.trustHeading}</a>
        </p>
      )}
    </>
  );
}

function Refused(props: { readonly verdict: string; readonly text: string; readonly detail?: string }): ReactNode {
  const { words } = useLanguage();
  const { verdict, text, detail } = props;
  return (
    <div className="report">
      <div className="verdict red">
        <span className="icon" aria-hidden="true">
          ✗
        </span>
        <div>
          <p className="word">
            <strong>{words.colors.red}</strong> <code>{verdict}</code>
          </p>
          <p className="means">{text}</p>
          {detail !== undefined && <p dir="ltr">{detail}</p>}
        </div>
      </div>
    </div>
  );
}

function CheckReport({ check }: { readonly check: Check }): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const language = useLanguage();
  useEffect(() => {
    const { report, range, file } = check;
    box.current?.replaceChildren(
      reportView(report, language, range),
      bytesView(file, toHex(crypto.sha256(file)), language.words),
    );
  }, [check, language]);
  return <div ref={box} />;
}

/** Whom this browser trusts: pinning a policy, by hand or on first use, following its proven successors, and never silently another one. */

import { parseUtf8 } from '@oppidum/formats/bytes';
import type { ReadingJson } from '@oppidum/gateway/api/readings';
import { plainText } from '@oppidum/pages/plain-text';
import { type ReactNode, useEffect, useState } from 'react';
import { type ApiProblem, fetchBytes, problemOf } from '../api.ts';
import { fill, useLanguage } from '../language.ts';
import { CertificateLinks } from '../parts/certificate-links.tsx';
import { formatNumber } from '../parts/format.ts';
import { ProblemText } from '../parts/freshness.tsx';
import { Id, Quoted, WithCode } from '../parts/texts.tsx';
import { VerifierDigest } from '../parts/verifier-digest.tsx';
import {
  isStorageBlocked,
  onPinned,
  openPolicy,
  type PinnedPolicy,
  pinnedPolicy,
  pinnedProblem,
  pinPolicy,
  readPolicy,
  rememberSuccessors,
} from '../pinned-policy.ts';
import { addressOf } from '../route.ts';
import { followPolicies } from '../succeed.ts';
import { TRUST_TEXTS } from '../texts/trust.ts';
import { useLoaded } from '../use-loaded.ts';

const FILE_SIZE_MAX = 65_536;

type Trouble = { readonly text: string; readonly detail: string } | ApiProblem | null;

/** The pinned policy, and ways to pin one. */
export function TrustView(): ReactNode {
  const { sentences, code } = useLanguage();
  const texts = TRUST_TEXTS[code];
  const [pinned, setPinned] = useState<PinnedPolicy | null>(pinnedPolicy);
  const [trouble, setTrouble] = useState<Trouble>(() => storedTrouble(texts.storedBad));
  const served = useServedPolicy();
  useEffect(() => onPinned(() => setPinned(pinnedPolicy())), []);
  const pin = (text: string | null): void => {
    const opened = text === null ? null : openPolicy(text);
    if (opened !== null && 'problem' in opened) return setTrouble({ text: texts.policyBad, detail: opened.problem });
    setTrouble(null);
    pinPolicy(text);
    setPinned(pinnedPolicy());
  };
  const choose = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (file.size > FILE_SIZE_MAX) setTrouble({ text: texts.policyBad, detail: `> ${FILE_SIZE_MAX} bytes` });
    else pin(await file.text());
  };
  const newest = pinned?.newestSha256 ?? null;
  const isServedOther = served !== null && pinned !== null && served.sha256 !== newest;
  return (
    <>
      <h1>{sentences.trustHeading}</h1>
      <p>{sentences.checkExplain}</p>
      <section className="card" aria-live="polite">
        {pinned === null ? <p>{sentences.trustNone}</p> : <Pinned pinned={pinned} />}
        {isServedOther && (
          <p className="problem">
            <WithCode text={sentences.trustChanged} />
          </p>
        )}
        {isStorageBlocked() && <p className="problem">{texts.storageBlocked}</p>}
        <TroubleNote trouble={trouble} />
        <p className="actions">
          {isServedOther && <FollowButton pinned={pinned} onTrouble={setTrouble} onFollowed={() => setPinned(pinnedPolicy())} />}
          {served !== null && served.sha256 !== newest && (
            <button type="button" onClick={() => pin(served.text)}>
              {sentences.trustPin}
            </button>
          )}
          {pinned !== null && (
            <button type="button" onClick={() => pin(null)}>
              {sentences.trustForget}
            </button>
          )}
        </p>
        <label className="file">
          {sentences.trustFile}
          <input type="file" onChange={({ target }) => void choose(target.files?.[0])} />
        </label>
        <PasteForm onText={pin} />
      </section>
      <VerifierDigest />
    </>
  );
}

function storedTrouble(text: string): Trouble {
  const problem = pinnedProblem();
  return problem === null ? null : { text, detail: problem };
}

function Pinned({ pinned }: { readonly pinned: PinnedPolicy }): ReactNode {
  const { sentences, code, tag } = useLanguage();
  const texts = TRUST_TEXTS[code];
  const seen = pinned.trust.seen?.at(-1);
  return (
    <>
      <p>
        <strong>
          <Quoted text={pinned.origin} />
        </strong>
      </p>
      <p>
        {fill(sentences.trustPinned, { digest: '' })}
        <Id id={pinned.sha256} />
      </p>
      <p className="hint">{sentences.trustFirst}</p>
      <NextStep />
      <CertificateLinks id={null} kinds={['policyEffective', 'city']} />
      {pinned.followedCount > 0 && <p>{fill(texts.followed, { count: formatNumber(pinned.followedCount, tag) })}</p>}
      {seen !== undefined && <p className="hint">{fill(texts.newestSeen, { size: formatNumber(seen.size, tag) })}</p>}
    </>
  );
}

/** What to do with a pinned policy: the newest reading is there to be checked; nothing where there is none. */
function NextStep(): ReactNode {
  const { code } = useLanguage();
  const listed = useLoaded<{ readonly items: readonly ReadingJson[] }>('/api/v1/readings?limit=20').value;
  // Evidence of what is about people is not for everybody.
  const id = listed?.items.find(({ personal }) => !personal)?.id;
  if (id === undefined) return null;
  return (
    <p>
      <a href={addressOf({ view: 'reading', id })}>{TRUST_TEXTS[code].next}</a>
    </p>
  );
}

function TroubleNote({ trouble }: { readonly trouble: Trouble }): ReactNode {
  if (trouble === null) return null;
  if ('code' in trouble) return <ProblemText code={trouble.code} message={trouble.message} />;
  return (
    <p className="problem">
      {trouble.text}{' '}
      <span lang="en" dir="ltr">
        <bdi>{plainText(trouble.detail)}</bdi>
      </span>
    </p>
  );
}

function FollowButton(props: {
  readonly pinned: PinnedPolicy;
  readonly onTrouble: (trouble: Trouble) => void;
  readonly onFollowed: () => void;
}): ReactNode {
  const { pinned, onTrouble, onFollowed } = props;
  const { code } = useLanguage();
  const texts = TRUST_TEXTS[code];
  const run = async (): Promise<void> => {
    try {
      const { files, refusedBy } = await followPolicies(pinned.trust);
      if (files.length > 0) rememberSuccessors(pinned, files);
      if (refusedBy !== null) onTrouble({ text: fill(texts.followRefused, { verdict: refusedBy }), detail: '' });
      else onTrouble(files.length === 0 ? { text: texts.followNothing, detail: '' } : null);
      onFollowed();
    } catch (error) {
      onTrouble(problemOf(error));
    }
  };
  return (
    <button type="button" onClick={() => void run()}>
      {texts.follow}
    </button>
  );
}

function PasteForm({ onText }: { readonly onText: (text: string) => void }): ReactNode {
  const { code } = useLanguage();
  const texts = TRUST_TEXTS[code];
  const [text, setText] = useState('');
  return (
    <div className="file">
      <label className="file">
        {texts.paste}
        <textarea rows={3} spellCheck={false} dir="ltr" value={text} onChange={({ target }) => setText(target.value)} />
      </label>
      <p className="actions">
        <button type="button" disabled={text.trim() === ''} onClick={() => onText(text)}>
          {texts.pinPasted}
        </button>
      </p>
    </div>
  );
}

/** The policy that the city serves now, or null where none comes or it is none. */
function useServedPolicy(): PinnedPolicy | null {
  const [served, setServed] = useState<PinnedPolicy | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    fetchBytes('/city.policy', 'text/plain', stop.signal).then(
      (bytes) => setServed(readPolicy(parseUtf8(bytes))),
      () => undefined,
    );
    return () => stop.abort();
  }, []);
  return served;
}

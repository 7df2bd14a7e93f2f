/** Whom this browser trusts: pinning a policy, by hand or on first use, and never silently another one. */

import { parseUtf8 } from '@oppidum/formats/bytes';
import { type ReactNode, useEffect, useState } from 'react';
import { fetchBytes } from '../api.ts';
import { fill, useLanguage } from '../language.ts';
import { Id, Quoted } from '../parts/texts.tsx';
import { type PinnedPolicy, pinnedPolicy, pinPolicy, readPolicy } from '../pinned-policy.ts';

const FILE_SIZE_MAX = 65_536;

/** The pinned policy, and ways to pin one. */
export function TrustView(): ReactNode {
  const { sentences } = useLanguage();
  const [pinned, setPinned] = useState<PinnedPolicy | null>(pinnedPolicy);
  const served = useServedPolicy();
  const pin = (text: string | null): void => {
    pinPolicy(text);
    setPinned(pinnedPolicy());
  };
  const choose = async (file: File | undefined): Promise<void> => {
    if (file === undefined || file.size > FILE_SIZE_MAX) return;
    const text = await file.text();
    if (readPolicy(text) !== null) pin(text);
  };
  return (
    <>
      <h1>{sentences.trustHeading}</h1>
      <p>{sentences.checkExplain}</p>
      <section className="card" aria-live="polite">
        {pinned === null ? (
          <p>{sentences.trustNone}</p>
        ) : (
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
            {served !== null && served.sha256 !== pinned.sha256 && <p className="problem">{sentences.trustChanged}</p>}
          </>
        )}
        <p className="actions">
          {served !== null && served.sha256 !== pinned?.sha256 && (
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
      </section>
    </>
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

/** The offline verifier as this city serves it, with its SHA-256: whoever builds it from the sources gets the same bytes. */

import { toHex } from '@oppidum/formats/bytes';
import { pageCrypto as crypto } from '@oppidum/formats/page-crypto';
import type { LanguageCode } from '@oppidum/pages/languages';
import { type ReactNode, useEffect, useState } from 'react';
import { fetchBytes } from '../api.ts';
import { useLanguage } from '../language.ts';
import { Id, WithCode } from './texts.tsx';

type DigestTexts = { readonly heading: string; readonly explain: string; readonly save: string; readonly digest: string };

const TEXTS: Readonly<Record<LanguageCode, DigestTexts>> = {
  en: {
    heading: 'The offline verifier',
    explain:
      'Whoever serves this page could alter it, too. The verifier is one file that you keep, and it works without a network. Built from the published sources by `node tools/pages.ts` it has this digest on every machine.',
    save: 'Open the verifier and save it',
    digest: 'SHA-256 of the file that is served here',
  },
  et: {
    heading: 'Võrguühenduseta kontrollija',
    explain:
      'Kes seda lehte pakub, võiks muuta ka seda ennast. Kontrollija on üks fail, mille saad alles hoida ja mis töötab ilma võrguta. Avaldatud lähtekoodist käsuga `node tools/pages.ts` ehitatuna on sellel igas masinas see räsi.',
    save: 'Ava kontrollija ja salvesta see',
    digest: 'Siin pakutava faili SHA-256',
  },
  zh: {
    heading: '离线验证器',
    explain:
      '提供本页面的人也可能篡改本页面。验证器是一个可以自行保存的文件，无需网络即可使用。用 `node tools/pages.ts` 从公开的源代码构建，在任何机器上得到的摘要都与此相同。',
    save: '打开验证器并保存',
    digest: '此处提供的文件的 SHA-256',
  },
  ar: {
    heading: 'المدقّق دون اتصال',
    explain:
      'من يقدّم هذه الصفحة قد يغيّرها هي أيضًا. المدقّق ملف واحد تحتفظ به ويعمل بلا شبكة. وإذا بُني من المصدر المنشور بالأمر `node tools/pages.ts` كانت له هذه البصمة على كل جهاز.',
    save: 'افتح المدقّق واحفظه',
    digest: 'بصمة SHA-256 للملف المقدَّم هنا',
  },
};

/** A card with the way to the verifier and its digest, once it was fetched. */
export function VerifierDigest(): ReactNode {
  const texts = TEXTS[useLanguage().code];
  const [digest, setDigest] = useState<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    fetchBytes('/verify', 'text/html', stop.signal).then(
      (page) => setDigest(toHex(crypto.sha256(page))),
      // Without an answer there is no digest to show.
      () => undefined,
    );
    return () => stop.abort();
  }, []);
  return (
    <section className="card" aria-labelledby="verifier-heading">
      <h2 id="verifier-heading">{texts.heading}</h2>
      <p>
        <WithCode text={texts.explain} />
      </p>
      <p>
        <a href="/verify">{texts.save}</a>
      </p>
      {digest !== null && (
        <p>
          {texts.digest}: <Id id={digest} />
        </p>
      )}
    </section>
  );
}

/** The program of the device, in the language of its maker. */

import { type ReactNode, useState } from 'react';
import { fill } from '../../language.ts';
import { CopyBlock } from '../maker/copy-block.tsx';
import { type Draft, wrongFields } from './device-draft.ts';
import { LANGUAGES, type Snippet, type SnippetLanguage, snippetOf } from './snippets.ts';
import type { KitTexts } from './texts.ts';
import type { CityFacts } from './use-kit.ts';

/** Names of themselves, the same in every language. */
const NAMES: Readonly<Record<SnippetLanguage, string>> = {
  node: 'TypeScript (HTTP)',
  mqtt: 'TypeScript (MQTT)',
  python: 'Python',
  shell: 'bash, openssl, curl',
  browser: 'HTML',
};

type Props = { readonly texts: KitTexts; readonly draft: Draft; readonly facts: CityFacts };

/** A choice of languages and the program in one. */
export function ProgramSection({ texts, draft, facts }: Props): ReactNode {
  const [language, setLanguage] = useState<SnippetLanguage>('node');
  const { mqttPort } = facts;
  const languages = LANGUAGES.filter((each) => each !== 'mqtt' || mqttPort !== null);
  return (
    <section className="card">
      <h2>{texts.programHeading}</h2>
      <fieldset className="choices">
        <legend>{texts.language}</legend>
        {languages.map((each) => (
          <label key={each}>
            <input type="radio" name="language" value={each} checked={language === each} onChange={() => setLanguage(each)} />
            <bdi>{NAMES[each]}</bdi>
          </label>
        ))}
      </fieldset>
      <p className="hint">{texts.programHints[language]}</p>
      {language === 'browser' ? (
        <p>
          <a href={draft.model === null ? '/device-page' : `/device-page?model=${draft.model}`}>{texts.openDevicePage}</a>
        </p>
      ) : (
        <Program texts={texts} language={language} draft={draft} facts={facts} />
      )}
    </section>
  );
}

function Program({
  texts,
  language,
  draft,
  facts,
}: Props & { readonly language: Exclude<SnippetLanguage, 'browser'> }): ReactNode {
  if (wrongFields(draft).length > 0) return <p className="problem">{texts.noProgram}</p>;
  const { receiptKeys, mqttPort, policySha256 } = facts;
  if (language === 'python' && receiptKeys === null) return <p className="problem">{texts.keysUnproven}</p>;
  const snippet = snippetOf(language, {
    api: location.origin,
    mqtt: mqttPort === null ? null : `mqtt://${location.hostname}:${mqttPort}`,
    label: draft.label,
    sensor: draft.sensor,
    unit: draft.unit,
    value: Number(draft.value),
    receiptKeys: receiptKeys ?? [],
    hasKeyFile: draft.isKeyHere,
  });
  if (snippet === null) return null;
  const [before = '', after = ''] = texts.policyNote.split('{sha256}');
  return (
    <>
      <ProgramFile texts={texts} snippet={snippet} />
      <p>{texts.programRun}</p>
      <CopyBlock name="run" label={texts.programRun} text={snippet.run} words={texts} />
      <p className="hint">{texts.untilLetIn[language === 'node' || language === 'mqtt' ? 'waits' : 'again']}</p>
      <p className="hint">
        {before}
        <code className="id" dir="ltr">
          {policySha256}
        </code>
        {after}
      </p>
    </>
  );
}

function ProgramFile({ texts, snippet }: { readonly texts: KitTexts; readonly snippet: Snippet }): ReactNode {
  if (snippet.file === null) return null;
  const label = fill(texts.programFile, { file: snippet.file });
  return (
    <>
      <p>{label}</p>
      <CopyBlock name="program" label={label} text={snippet.program} words={texts} />
    </>
  );
}

/** The file: chosen or dropped, never sent anywhere. */

import { type DragEvent, type ReactNode, useState } from 'react';
import { CopyBlock } from '../maker/copy-block.tsx';
import { saveFile } from '../maker/save-file.ts';
import type { ImportTexts } from './texts.ts';
import type { ChosenFile } from './use-import.ts';

const EXAMPLE = 'label,public key\nlamp-1,d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\n';

/** Lets its user choose a file. */
export function FileSection({
  texts,
  isChosen,
  onFile,
}: {
  readonly texts: ImportTexts;
  readonly isChosen: boolean;
  readonly onFile: (file: ChosenFile) => void;
}): ReactNode {
  const [isOver, setIsOver] = useState(false);
  const take = async (file: File | undefined): Promise<void> => {
    if (file !== undefined) onFile({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setIsOver(false);
    void take(event.dataTransfer.files[0]);
  };
  return (
    <section className="card">
      <h2>{texts.fileHeading}</h2>
      <fieldset
        aria-label={texts.fileHeading}
        className={isOver ? 'drop over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={drop}
      >
        <label className="file">
          {isChosen ? texts.another : texts.choose}
          <input
            type="file"
            accept=".csv,.tsv,.txt,text/csv"
            onChange={({ target }) => {
              void take(target.files?.[0]);
              // The same file, mended, may be chosen again.
              target.value = '';
            }}
          />
        </label>
        <p className="hint">{texts.drop}</p>
      </fieldset>
      {!isChosen && (
        <details>
          <summary>{texts.example}</summary>
          <CopyBlock name="example" label={texts.example} text={EXAMPLE} words={texts} />
        </details>
      )}
      <p className="hint">{texts.resume}</p>
    </section>
  );
}

/** Saves the rows that failed. */
export function saveFailed(name: string, content: string): void {
  saveFile(`${name.replace(/\.[a-z]{3}$/i, '')}-failed.csv`, 'text/csv;charset=utf-8', content);
}

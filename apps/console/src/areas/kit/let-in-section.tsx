/** Letting the device in: one command beside the data folder, or the maker's key in this browser, or maker and device apart. */

import { activateDevice, FIRST_KEY_NUMBER, registerDevices } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import { activationChallenge } from '@oppidum/formats/possession';
import type { DeviceDetailJson, ManufacturerJson } from '@oppidum/gateway/api-types';
import { nobleSigner } from '@oppidum/signing/noble-signer';
import { type ReactNode, useState } from 'react';
import { ApiProblem, problemOf } from '../../api.ts';
import { ProblemText } from '../../parts/freshness.tsx';
import { Quoted } from '../../parts/texts.tsx';
import { type BrowserSigner, submitSigned } from '../maker/browser-signer.ts';
import { atCity, commandLine } from '../maker/command-line.ts';
import { CopyBlock } from '../maker/copy-block.tsx';
import type { Makers } from '../maker/use-makers.ts';
import { type Draft, idBytes, idOfKey, publicKeyOf, wrongFields } from './device-draft.ts';
import type { KitTexts } from './texts.ts';

type Props = {
  readonly texts: KitTexts;
  readonly draft: Draft;
  readonly genesis: string;
  readonly makers: Makers | null;
  readonly signer: BrowserSigner | null;
  /** As the ledger has it, or null. */
  readonly device: DeviceDetailJson | null;
};

/** The ways in. */
export function LetInSection(props: Props): ReactNode {
  const { texts, draft, makers, signer, device } = props;
  const isWrong = wrongFields(draft).length > 0;
  const maker = makerOf(draft, makers);
  const isMaker = signer !== null && maker !== null && maker.account === signer.account;
  return (
    <section className="card">
      <h2>{texts.letInHeading}</h2>
      <p role="status">{device?.status === 'active' ? texts.letInDone : ''}</p>
      {isWrong ? (
        <p className="problem">{texts.noProgram}</p>
      ) : (
        <>
          {isMaker && <ByKeyHere {...props} signer={signer} />}
          <EnrolCommand texts={texts} draft={draft} maker={maker} />
          {draft.model !== null && maker !== null && <Apart {...props} maker={maker} />}
        </>
      )}
    </section>
  );
}

function makerOf({ model }: Draft, makers: Makers | null): ManufacturerJson | null {
  const found = makers?.models.find(({ id }) => id === model);
  return found === undefined ? null : (makers?.manufacturers.get(found.manufacturer) ?? null);
}

function EnrolCommand({
  texts,
  draft,
  maker,
}: {
  readonly texts: KitTexts;
  readonly draft: Draft;
  readonly maker: ManufacturerJson | null;
}): ReactNode {
  const { model, type, modelName, label } = draft;
  const what = model === null ? ['--type', type, '--name', modelName] : ['--model', model];
  const who = model === null || maker === null ? [] : ['--account', maker.account, '--key', 'FILE'];
  const line = commandLine([
    'device',
    'enrol',
    `${label}/key.seed`,
    ...what,
    '--label',
    label,
    ...who,
    ...atCity(location.origin),
  ]);
  const [before = '', after = ''] = texts.letInModel.split('{maker}');
  return (
    <>
      <p>
        {maker === null ? (
          texts.letInOwn
        ) : (
          <>
            {before}
            <Quoted text={maker.name} />
            {after}
          </>
        )}
      </p>
      {line !== null && <CopyBlock name="enrol" label={texts.letInHeading} text={line} words={texts} />}
    </>
  );
}

/** Both acts by the key in this browser; the proof only where the device's key was made here. */
function ByKeyHere({ texts, draft, genesis, signer, device }: Props & { readonly signer: BrowserSigner }): ReactNode {
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [said, setSaid] = useState('');
  const publicKey = publicKeyOf(draft);
  const letIn = async (): Promise<void> => {
    setIsBusy(true);
    setProblem(null);
    try {
      setSaid((await enrolHere(draft, genesis, signer, device)) ? texts.letInDone : texts.proofMissing);
    } catch (error) {
      setProblem(problemOf(error));
    }
    setIsBusy(false);
  };
  if (publicKey === null) return <p className="hint">{texts.wantsPublicKey}</p>;
  return (
    <>
      <p className="actions">
        <button type="button" disabled={isBusy || device?.status === 'active'} onClick={() => void letIn()}>
          {texts.letInHere}
        </button>
        <span role="status">{said}</span>
      </p>
      {problem !== null && <ProblemText code={problem.code} message={problem.message} />}
    </>
  );
}

/** Registers the device where it is not, and activates it where its key is here: true then. Throws ApiProblem. */
async function enrolHere(
  draft: Draft,
  genesis: string,
  signer: BrowserSigner,
  device: DeviceDetailJson | null,
): Promise<boolean> {
  const publicKey = publicKeyOf(draft);
  if (publicKey === null || draft.model === null) throw new Error('the page asks for both first');
  const model = idBytes(draft.model);
  const id = idBytes(idOfKey(publicKey));
  const { seed } = draft.madeKey ?? {};
  const entry = { id, model, grade: 'device', label: draft.label, signer: { algorithm: -8, publicKey } } as const;
  let registration = device?.registration ?? null;
  if (registration === null) {
    const registered = await submitSigned(signer, [registerDevices(model, [entry])]);
    if (registered.code !== 'OK') throw new ApiProblem(registered.code, registered.code);
    registration = registered.id;
  }
  if (!draft.isKeyHere || seed === undefined) return false;
  const proven = activateDevice(idBytes(genesis), idBytes(registration), { ...entry, signer: nobleSigner(seed) });
  const activated = await submitSigned(signer, [proven]);
  if (activated.code !== 'OK' && activated.code !== 'DEVICE_ACTIVE') throw new ApiProblem(activated.code, activated.code);
  return true;
}

/** Commands for two machines: the maker's and the device's. */
function Apart({ texts, draft, genesis, maker, device }: Props & { readonly maker: ManufacturerJson }): ReactNode {
  const publicKey = publicKeyOf(draft);
  const lines = publicKey === null ? null : apartLines(draft, publicKey, maker.account, proofOf(draft, genesis, device));
  return (
    <details>
      <summary>{texts.letInElsewhere}</summary>
      <p>{texts.letInElsewhereHint}</p>
      {lines === null ? (
        <p className="hint">{texts.wantsPublicKey}</p>
      ) : (
        <CopyBlock name="apart" label={texts.letInElsewhere} text={lines} words={texts} />
      )}
    </details>
  );
}

/** The proof of possession by a key that this page made, once the device is registered; null where it is made elsewhere. */
function proofOf({ isKeyHere, madeKey }: Draft, genesis: string, device: DeviceDetailJson | null): string | null {
  if (!isKeyHere || madeKey === null || device === null) return null;
  const { publicKey, sign } = nobleSigner(madeKey.seed);
  const place = { genesis: idBytes(genesis), device: idBytes(device.id), registration: idBytes(device.registration) };
  return toHex(sign(activationChallenge({ ...place, keyNumber: FIRST_KEY_NUMBER, publicKey })));
}

function apartLines({ model, label }: Draft, publicKey: Uint8Array, account: string, proof: string | null): string {
  const register = ['device', 'register', '--model', model ?? '', '--public-key', toHex(publicKey), '--label', label];
  const prove = proof === null ? ['--device-key', `${label}/key.seed`] : ['--proof', proof];
  const at = atCity(location.origin);
  const lines = [
    commandLine([...register, '--account', account, '--key', 'FILE', ...at]),
    commandLine(['device', 'activate', idOfKey(publicKey), ...prove, ...at]),
  ];
  return lines.join('\n');
}

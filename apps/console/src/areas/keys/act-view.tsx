/** Acting on a device (`#/act/ID`): what may be done in its state, why, in words, and what came of it. */

import { encodeUtf8, parseHex } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import { reason as reasonForm } from '@oppidum/formats/common-schemas';
import { orNull } from '@oppidum/formats/errors';
import type { Action } from '@oppidum/formats/transaction';
import type { CityJson, DeviceDetailJson } from '@oppidum/gateway/api-types';
import { nameKey } from '@oppidum/signing/describe-act';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import type { AreaProps } from '../../areas.ts';
import { useLanguage } from '../../language.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { Facts, IdLink, Quoted, StateBadge } from '../../parts/texts.tsx';
import { STREET_TEXTS } from '../../texts/device-street.ts';
import { useLoaded } from '../../use-loaded.ts';
import { ActFlow } from './act-flow.tsx';
import type { KeptAccount, KeptKey } from './key-store.ts';
import './keys.css';
import { proveRecords } from './prove-records.ts';
import { useTexts } from './texts.ts';
import { useKey, useStanding } from './use-key.ts';

const DEVICE_EVERY_MS = 3_000;
const ID = /^[0-9a-f]{64}$/;

type Verb = 'suspend' | 'resume' | 'quarantine' | 'revoke';
/** What makes sense in each state of a device. */
const VERBS: Readonly<Record<DeviceDetailJson['status'], readonly Verb[]>> = {
  registered: ['quarantine', 'revoke'],
  active: ['suspend', 'quarantine', 'revoke'],
  suspended: ['resume', 'quarantine', 'revoke'],
  revoked: [],
};
/** What everybody is told the reason of. */
const WITH_REASON: ReadonlySet<Verb> = new Set(['suspend', 'quarantine']);

/** The page of acts on the device in the address. */
export function ActView({ argument }: AreaProps): ReactNode {
  const texts = useTexts();
  const isId = ID.test(argument);
  const city = useLoaded<CityJson>('/api/v1/city');
  const device = useLoaded<DeviceDetailJson>(isId ? `/api/v1/devices/${argument}` : null, DEVICE_EVERY_MS);
  return (
    <div className="keys">
      <h1>{texts.actHeading}</h1>
      {!isId && <p className="problem">{texts.codes.DEVICE_UNKNOWN}</p>}
      {isId && <Freshness of={device} />}
      {device.value !== null && <DeviceFacts device={device.value} />}
      {device.value !== null && city.value !== null && <WithKey genesis={city.value.genesis} device={device.value} />}
      <p className="hint">
        {texts.clones} <code dir="ltr">oppidum device clones --report</code>
      </p>
    </div>
  );
}

const isOpen = ({ to }: DeviceDetailJson['quarantines'][number]): boolean => to === null;

function DeviceFacts({ device }: { readonly device: DeviceDetailJson }): ReactNode {
  const { sentences, code } = useLanguage();
  const { believed, countsNot } = STREET_TEXTS[code];
  const { id, label, status, reason, modelName } = device;
  return (
    <Facts
      facts={[
        [sentences.columns.device, <IdLink key="id" id={id} to={{ view: 'device', id }} label={label} />],
        [sentences.model, <Quoted key="model" text={modelName} />],
        [
          sentences.columns.status,
          <>
            <StateBadge state={status} text={sentences.statuses[status]} /> {reason !== null && <Quoted text={reason} />}
          </>,
        ],
        ...device.quarantines.filter(isOpen).map(
          (open) =>
            [
              believed,
              <>
                <StateBadge state="revoked" text={countsNot.quarantined} /> <Quoted text={open.reason} />
              </>,
            ] as const,
        ),
      ]}
    />
  );
}

function WithKey({ genesis, device }: { readonly genesis: string; readonly device: DeviceDetailJson }): ReactNode {
  const texts = useTexts();
  const loaded = useKey(genesis);
  if (loaded.at === 'loading') return null;
  const key = loaded.at === 'ready' ? loaded.key : null;
  if (key === null || key.account === null)
    return (
      <p className="problem">
        {loaded.at === 'trouble' ? texts.troubles[loaded.trouble] : texts.actNeedsKey} <a href="#/keys">{texts.heading}</a>
      </p>
    );
  return <Choice signingKey={key} account={key.account} device={device} />;
}

type ChoiceProps = { readonly signingKey: KeptKey; readonly account: KeptAccount; readonly device: DeviceDetailJson };
/** What was chosen, with its device as the ledger proves it. */
type Chosen = { readonly actions: readonly Action[]; readonly names: ReadonlyMap<string, string> };

function Choice({ signingKey, account, device }: ChoiceProps): ReactNode {
  const texts = useTexts();
  const { standing } = useStanding(signingKey, account);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  if (standing !== null && standing.state !== 'inForce')
    return (
      <p className="problem">
        {texts.states[standing.state]} <a href="#/keys">{texts.heading}</a>
      </p>
    );
  if (chosen !== null)
    return (
      <>
        <p className="hint">
          <Quoted text={chosen.names.get(nameKey('device', device.id)) ?? device.label ?? device.id} />:{' '}
          {chosen.names.size > 0 ? texts.nameProven : texts.nameTold}
        </p>
        <ActFlow signingKey={signingKey} account={account} {...chosen} onBack={() => setChosen(null)} />
      </>
    );
  return (
    <>
      {standing !== null && !standing.roles.includes('operator') && <p className="hint">{texts.codes.NOT_AUTHORIZED}</p>}
      <Form device={device} onChosen={async (action) => setChosen({ actions: [action], names: await proveName(device.id) })} />
    </>
  );
}

function Form(props: { readonly device: DeviceDetailJson; readonly onChosen: (action: Action) => Promise<void> }): ReactNode {
  const { device, onChosen } = props;
  const texts = useTexts();
  const isApart = device.quarantines.some(isOpen);
  const verbs = VERBS[device.status].filter((each) => each !== 'quarantine' || !isApart);
  const [picked, setPicked] = useState<Verb | null>(null);
  const [reason, setReason] = useState('');
  const [isWrong, setWrong] = useState(false);
  const [group, reasonName] = [useId(), useId()];
  const verb = picked !== null && verbs.includes(picked) ? picked : null;
  if (verbs.length === 0) return <p className="hint">{texts.actNone}</p>;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const isRefused = verb !== null && WITH_REASON.has(verb) && !isReason(reason.trim());
    setWrong(isRefused);
    if (verb !== null && verb !== 'revoke' && !isRefused) void onChosen(makeAction(verb, device.id, reason.trim()));
  };
  return (
    <form className="card" onSubmit={submit}>
      <fieldset>
        <legend>{texts.actWhat}</legend>
        {verbs.map((each) => (
          <label key={each} className="choice">
            <input type="radio" name={group} checked={verb === each} onChange={() => setPicked(each)} /> {texts.acts[each]}
          </label>
        ))}
      </fieldset>
      {verb !== null && WITH_REASON.has(verb) && (
        <>
          <label htmlFor={reasonName}>{texts.reason}</label>
          <input id={reasonName} autoComplete="off" value={reason} onChange={({ target }) => setReason(target.value)} />
          <p className="hint">{texts.reasonHint}</p>
          <p role="alert">{isWrong ? texts.reasonSize : ''}</p>
        </>
      )}
      {verb === 'revoke' ? (
        <Dangerous id={device.id} />
      ) : (
        <button type="submit" className="primary" disabled={verb === null}>
          {texts.preview}
        </button>
      )}
    </form>
  );
}

/** What an everyday key is refused for, and where it is signed instead. */
function Dangerous({ id }: { readonly id: string }): ReactNode {
  const texts = useTexts();
  return (
    <div role="alert" className="problem">
      <h2>{texts.dangerousHeading}</h2>
      <p>
        {texts.dangerous} <code dir="ltr">KEY_CLASS_TOO_LOW</code>
      </p>
      <p>
        <a href="#/decisions">{texts.dangerousPrepare}</a> · <a href="/sign">{texts.dangerousPage}</a>
      </p>
      <p>{texts.dangerousCommand}</p>
      <pre dir="ltr">oppidum device revoke {id} --reason &quot;…&quot;</pre>
    </div>
  );
}

function makeAction(verb: Exclude<Verb, 'revoke'>, device: string, reason: string): Action {
  const body = new Map<string, CborValue>([['id', parseHex(device)]]);
  if (WITH_REASON.has(verb)) body.set('reason', reason);
  return { kind: `device/${verb}`, body };
}

/** As the ledger takes one. */
function isReason(text: string): boolean {
  return orNull(() => encodeUtf8(text).length > 0 && reasonForm().parse(text, '') === text) ?? false;
}

/** The device's label by its id, where the ledger proves it under the pinned policy. Never throws. */
async function proveName(device: string): Promise<ReadonlyMap<string, string>> {
  const proof = await proveRecords('device', [device]).catch(() => null);
  const label = proof !== null && 'records' in proof ? proof.records[0]?.value['label'] : undefined;
  return typeof label === 'string' ? new Map([[nameKey('device', device), label]]) : new Map();
}

/** Asking for something new: an act that the council decides, or one that a full key of an operator does. */

import { toHex } from '@oppidum/formats/bytes';
import { orNull } from '@oppidum/formats/errors';
import { parseGenesis } from '@oppidum/formats/genesis';
import type { Json } from '@oppidum/formats/schema';
import { APPEAL_OUTCOMES } from '@oppidum/formats/state-trust';
import type { Action } from '@oppidum/formats/transaction';
import type { DeviceTrustJson } from '@oppidum/gateway/api/trust';
import type { AccountJson, BodyJson, RoleJson } from '@oppidum/gateway/api-types';
import { type FormEvent, type ReactNode, useCallback, useEffect, useState } from 'react';
import { fetchBytes } from '../../api.ts';
import { useLanguage } from '../../language.ts';
import { useLoaded } from '../../use-loaded.ts';
import { type Ask, makeAction, proposeAction } from './prepare.ts';
import { type Choice, SignerPicker } from './signer-picker.tsx';
import { type DecisionTexts, type PreparedKind, TEXTS } from './texts.ts';

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 7;
const ID_FORM = /^[0-9a-f]{64}$/;
const ROLES = ['registrar', 'operator', 'data-protection', 'auditor'] as const;
const PARAMETERS = [
  'governance/proposal-lifetime-max-ms',
  'telemetry/anchor-sensor-clock-ahead-ms',
  'trust/mark-quorum',
  'trust/half-life-ms',
  'trust/score-threshold',
] as const;

type FieldName = keyof DecisionTexts['fields'];

/** What each act asks for, and whether the council decides it. */
const KINDS: Readonly<Record<PreparedKind, { readonly byCouncil: boolean; readonly fields: readonly FieldName[] }>> = {
  'role/grant': { byCouncil: true, fields: ['account', 'role'] },
  'role/revoke': { byCouncil: true, fields: ['account', 'role'] },
  'account/close': { byCouncil: true, fields: ['account'] },
  'body/change': { byCouncil: true, fields: ['body', 'threshold', 'members'] },
  'parameter/set': { byCouncil: true, fields: ['parameter', 'value'] },
  'device/decide-appeal': { byCouncil: true, fields: ['device', 'evidence', 'outcome', 'reason'] },
  'model/revoke': { byCouncil: false, fields: ['model', 'reason'] },
  'manufacturer/revoke': { byCouncil: false, fields: ['manufacturer', 'reason'] },
  'device/suspend': { byCouncil: false, fields: ['device', 'reason'] },
  'device/revoke': { byCouncil: false, fields: ['device', 'reason'] },
};

type List<T> = { readonly items: readonly T[] };
type Named = { readonly id: string; readonly name: string | null };
type Values = Readonly<Record<string, string>>;

/** The form; `onAsk` prepares what it says. */
export function NewForm({
  bodies,
  names,
  onAsk,
}: {
  readonly bodies: readonly BodyJson[];
  readonly names: ReadonlyMap<string, string>;
  readonly onAsk: (ask: Ask) => void;
}): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [kind, setKind] = useState<PreparedKind | ''>('');
  const [values, setValues] = useState<Values>({});
  const [members, setMembers] = useState<readonly string[]>([]);
  const [choice, setChoice] = useState<Choice | null>(null);
  const [isInvalid, setInvalid] = useState(false);
  const council = useCouncil();
  const roles = useLoaded<List<RoleJson>>('/api/v1/roles').value?.items ?? [];
  const choose = useCallback((chosen: Choice | null) => setChoice(chosen), []);
  if (council === null) return null;
  const rule = kind === '' ? null : KINDS[kind];
  const signers = rule?.byCouncil === true ? membersOf(bodies, council) : operatorsOf(roles);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const action = kind === '' ? null : actionOrNull(kind, values, members);
    setInvalid(action === null || choice === null);
    if (action === null || choice === null || rule === null) return;
    const expiresMs = Date.now() + choice.hours * 3_600_000 + Number(values['days'] ?? DAYS_DEFAULT) * DAY_MS;
    onAsk({ ...choice, actions: rule.byCouncil ? [proposeAction(council, [action], expiresMs)] : [action], proposal: null });
  };
  const set = (field: string, value: string): void => setValues((before) => ({ ...before, [field]: value }));
  return (
    <form className="prepare" onSubmit={submit} data-name="new">
      <KindSelect kind={kind} onKind={setKind} />
      {rule?.fields.map((field) =>
        field === 'members' ? (
          <Members key={field} chosen={members} onChoose={setMembers} />
        ) : (
          <Field
            {...{ field, bodies }}
            key={field}
            value={values[field] ?? ''}
            onValue={(value) => set(field, value)}
            device={values['device']?.trim() ?? ''}
          />
        ),
      )}
      {rule?.byCouncil === true && (
        <label>
          {texts.openDays}
          <input
            type="number"
            min={1}
            max={30}
            value={values['days'] ?? DAYS_DEFAULT}
            onChange={({ target }) => set('days', target.value)}
          />
        </label>
      )}
      {rule !== null && <SignerPicker accounts={signers} names={names} onChoice={choose} />}
      {isInvalid && <p className="problem">{texts.fieldInvalid}</p>}
      <button type="submit" disabled={kind === ''} data-name="prepare">
        {texts.prepare}
      </button>
    </form>
  );
}

function KindSelect({
  kind,
  onKind,
}: {
  readonly kind: PreparedKind | '';
  readonly onKind: (kind: PreparedKind | '') => void;
}): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  return (
    <label>
      {texts.act}
      <select value={kind} onChange={({ target }) => onKind(target.value as PreparedKind | '')} data-name="kind">
        <option value="">{texts.choose}</option>
        {[true, false].map((byCouncil) => (
          <optgroup key={String(byCouncil)} label={byCouncil ? texts.byCouncil : texts.byOperator}>
            {Object.entries(KINDS)
              .filter(([, each]) => each.byCouncil === byCouncil)
              .map(([each]) => (
                <option key={each} value={each}>
                  {texts.kinds[each as PreparedKind]}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

function Field({
  field,
  value,
  onValue,
  bodies,
  device,
}: {
  readonly field: Exclude<FieldName, 'members'>;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly bodies: readonly BodyJson[];
  /** What the field of that name says by now. */
  readonly device: string;
}): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const paths: Partial<Record<FieldName, string>> = { account: 'accounts', model: 'models', manufacturer: 'manufacturers' };
  const path = paths[field];
  const loaded = useLoaded<List<Named>>(path === undefined ? null : `/api/v1/${path}?limit=500`).value?.items ?? [];
  const appeals = useAppeals(field === 'evidence' ? device : '');
  const fixed: Partial<Record<FieldName, readonly Named[]>> = {
    body: bodies,
    evidence: appeals,
    outcome: APPEAL_OUTCOMES.map((id) => ({ id, name: texts.outcomes[id] })),
    role: ROLES.map((id) => ({ id, name: id })),
    parameter: PARAMETERS.map((id) => ({ id, name: id })),
  };
  const choices = fixed[field] ?? (path === undefined ? null : loaded);
  if (choices === null)
    return (
      <label>
        {texts.fields[field]}
        <input
          value={value}
          onChange={({ target }) => onValue(target.value)}
          type={field === 'threshold' || field === 'value' ? 'number' : 'text'}
          autoComplete="off"
          dir={field === 'device' ? 'ltr' : 'auto'}
          data-name={field}
        />
      </label>
    );
  return (
    <label>
      {texts.fields[field]}
      <select value={value} onChange={({ target }) => onValue(target.value)} data-name={field}>
        <option value="">{texts.choose}</option>
        {choices.map(({ id, name }) => (
          <option key={id} value={id}>
            {name ?? ''} {id.length === 64 ? id.slice(0, 12) : ''}
          </option>
        ))}
      </select>
    </label>
  );
}

function Members({
  chosen,
  onChoose,
}: {
  readonly chosen: readonly string[];
  readonly onChoose: (members: readonly string[]) => void;
}): ReactNode {
  const { code } = useLanguage();
  const accounts = useLoaded<List<AccountJson>>('/api/v1/accounts?limit=500').value?.items ?? [];
  return (
    <fieldset>
      <legend>{TEXTS[code].fields.members}</legend>
      {accounts
        .filter(({ to }) => to === null)
        .map(({ id, name }) => (
          <label key={id} className="check">
            <input
              type="checkbox"
              checked={chosen.includes(id)}
              onChange={({ target }) => onChoose(target.checked ? [...chosen, id] : chosen.filter((each) => each !== id))}
            />
            {name ?? ''} <code dir="ltr">{id.slice(0, 12)}</code>
          </label>
        ))}
    </fieldset>
  );
}

/** Appeals about the device with this id that wait to be decided, by the digest of their evidence, with the owner's reason. */
function useAppeals(device: string): readonly Named[] {
  const path = ID_FORM.test(device) ? `/api/v1/devices/${device}/trust` : null;
  const cases = useLoaded<DeviceTrustJson>(path).value?.cases ?? [];
  return cases.flatMap(({ evidence, appeal, outcome }) =>
    appeal === null || outcome !== null ? [] : [{ id: evidence, name: appeal.reason }],
  );
}

/** The id of the council, which the genesis document names for good. */
function useCouncil(): string | null {
  const [council, setCouncil] = useState<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    fetchBytes('/genesis.cbor', 'application/cbor', stop.signal).then(
      (file) => setCouncil(toHex(parseGenesis(file).council)),
      () => undefined,
    );
    return () => stop.abort();
  }, []);
  return council;
}

function membersOf(bodies: readonly BodyJson[], council: string): readonly string[] {
  return bodies.find(({ id }) => id === council)?.members.map(({ account }) => account) ?? [];
}

function operatorsOf(roles: readonly RoleJson[]): readonly string[] {
  return roles.filter(({ role }) => role === 'operator').map(({ account }) => account);
}

/** The action that the fields say, or null where one is missing or is not of its form. */
function actionOrNull(kind: PreparedKind, values: Values, members: readonly string[]): Action | null {
  const {
    account = '',
    role = '',
    body = '',
    threshold = '',
    parameter = '',
    value = '',
    model = '',
    manufacturer = '',
    device = '',
    reason = '',
    evidence = '',
    outcome = '',
  } = values;
  const fields: Readonly<Record<PreparedKind, { readonly [name: string]: Json }>> = {
    'role/grant': { account, role },
    'role/revoke': { account, role },
    'account/close': { account },
    'body/change': { id: body, threshold: Number(threshold), members: [...members].sort() },
    'parameter/set': { name: parameter, value: value === '' ? -1 : Number(value) },
    'device/decide-appeal': { id: device.trim(), evidence, outcome, reason },
    'model/revoke': { id: model, reason },
    'manufacturer/revoke': { id: manufacturer, reason },
    'device/suspend': { id: device.trim(), reason },
    'device/revoke': { id: device.trim(), reason },
  };
  return orNull(() => makeAction(kind, fields[kind]));
}

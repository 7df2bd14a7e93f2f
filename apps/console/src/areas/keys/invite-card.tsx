/** A registrar enrols somebody's key: their request, the fingerprint they read out, the act in words, the invitation to send back. */

import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import { type EnrolmentRequest, encodeInvitation, fingerprintOf } from '@oppidum/formats/enrolment';
import { ID_SIZE } from '@oppidum/formats/ids';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import type { Action } from '@oppidum/formats/transaction';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { ActFlow } from './act-flow.tsx';
import { invitationLink, readRequest } from './enrol.ts';
import { CarriedText, CodeText } from './key-parts.tsx';
import type { KeptAccount, KeptKey } from './key-store.ts';
import { useTexts } from './texts.ts';

const INVITATION_FILE = 'invitation.txt';

type Enrolling = { readonly actions: readonly Action[]; readonly invitation: string };
type CardProps = { readonly signingKey: KeptKey; readonly account: KeptAccount };

/** For holders of the role `registrar`. */
export function InviteCard({ signingKey, account }: CardProps): ReactNode {
  const texts = useTexts();
  const [enrolling, setEnrolling] = useState<Enrolling | null>(null);
  const { genesis } = signingKey;
  return (
    <section className="card">
      <h2>{texts.inviteHeading}</h2>
      <p>{texts.inviteLead}</p>
      {enrolling === null ? (
        <RequestForm genesis={genesis} onCompared={(request) => setEnrolling(enrol(genesis, request))} />
      ) : (
        <ActFlow
          signingKey={signingKey}
          account={account}
          actions={enrolling.actions}
          onBack={() => setEnrolling(null)}
          onDone={() => (
            <>
              <p>{texts.inviteDone}</p>
              <CarriedText
                label={texts.invitationLabel}
                text={invitationLink(enrolling.invitation)}
                file={INVITATION_FILE}
                codeLabel={texts.inviteCode}
              />
            </>
          )}
        />
      )}
    </section>
  );
}

/** The account, under a random id, and the invitation that will be true once it is there. */
function enrol(genesis: string, { key, class: keyClass }: EnrolmentRequest): Enrolling {
  const account: Bytes = globalThis.crypto.getRandomValues(new Uint8Array(ID_SIZE));
  const body = new Map<string, CborValue>([
    ['id', account],
    ['holder', 'person'],
    ['key', new Map<string, CborValue>(Object.entries(key))],
    ['class', keyClass],
  ]);
  const fingerprint = fingerprintOf(crypto, key);
  return {
    actions: [{ kind: 'account/create', body }],
    invitation: encodeInvitation({ city: parseHex(genesis), account, keyNumber: 0, class: keyClass, fingerprint }),
  };
}

function RequestForm(props: { readonly genesis: string; readonly onCompared: (request: EnrolmentRequest) => void }): ReactNode {
  const { genesis, onCompared } = props;
  const texts = useTexts();
  const [text, setText] = useState('');
  const [typed, setTyped] = useState('');
  const [read, setRead] = useState<EnrolmentRequest | string | null>(null);
  const [differs, setDiffers] = useState(false);
  const [textName, typedName] = [useId(), useId()];
  const request = read !== null && typeof read !== 'string' ? read : null;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (request === null) return setRead(readRequest(text, genesis, Date.now()));
    const isSame = typed.replaceAll(/\s+/g, '').toLowerCase() === toHex(fingerprintOf(crypto, request.key));
    setDiffers(!isSame);
    if (isSame) onCompared(request);
  };
  return (
    <form onSubmit={submit}>
      <label htmlFor={textName}>{texts.inviteLabel}</label>
      <textarea
        id={textName}
        rows={4}
        dir="ltr"
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setRead(null);
          setDiffers(false);
        }}
      />
      {request?.class === 'everyday' && (
        <>
          <p>{texts.inviteCompare}</p>
          <label htmlFor={typedName}>{texts.inviteTyped}</label>
          {/* Not shown beside it: whoever copies what is on this screen has compared nothing. */}
          <input
            id={typedName}
            dir="ltr"
            spellCheck={false}
            autoComplete="off"
            value={typed}
            onChange={({ target }) => setTyped(target.value)}
          />
        </>
      )}
      <div role="alert">
        {typeof read === 'string' && (
          <p className="problem">
            <CodeText code={read} />
          </p>
        )}
        {request?.class === 'full' && <p className="problem">{texts.inviteFull}</p>}
        {differs && <p className="problem">{texts.inviteDiffers}</p>}
      </div>
      <button type="submit" disabled={text.trim() === '' || request?.class === 'full'}>
        {request === null ? texts.inviteRead : texts.preview}
      </button>
    </form>
  );
}

/** Taking an answer back: it is checked against what was asked, sent to the city, and followed to its end. */

import type { Bytes } from '@oppidum/formats/bytes';
import { toHex } from '@oppidum/formats/bytes';
import { describeError, type ErrorCode, FormatError, formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { type CheckedAnswer, joinAnswers, requireAnswer } from '@oppidum/formats/signed-answer';
import { parseTransaction } from '@oppidum/formats/transaction';
import type { TransactionDetailJson } from '@oppidum/gateway/api-types';
import { readGivenText } from '@oppidum/signing/given-text';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { fetchJson } from '../../api.ts';
import { fill, useLanguage } from '../../language.ts';
import { formatTime } from '../../parts/format.ts';
import { IdLink } from '../../parts/texts.tsx';
import { type Outcome, sendAct } from '../keys/act.ts';
import { type KeptRequest, keepRequest } from './requests.ts';
import { type DecisionTexts, TEXTS } from './texts.ts';

const WINDOW_MS = 600_000;
/** The clocks of browser and city differ by some seconds. */
const CLOCKS_APART_MS = 2_000;

type State =
  | { readonly at: 'idle' | 'sending' | 'othersMissing' | 'early' }
  | { readonly at: 'bad'; readonly code: ErrorCode; readonly text: string }
  | { readonly at: 'done'; readonly outcome: Outcome; readonly said: Said };

/** What is said of an answer that the city executed. */
type Said = 'executed' | 'proposalExecuted' | 'approvalCounted' | 'proposalFailed' | 'rejectionCounted';

type PanelProps = {
  readonly kept: KeptRequest;
  /** Told what is kept now. */
  readonly onChange: (kept: KeptRequest) => void;
  /** Told when nothing more can come of the request. */
  readonly onEnd: () => void;
};

/** Where an answer is chosen or pasted. */
export function AnswerPanel(props: PanelProps): ReactNode {
  const { kept } = props;
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const { text, setText, state, takeFile, takeText } = useAnswer(props, texts);
  return (
    <section className="card" aria-labelledby="answer-heading">
      <h2 id="answer-heading">{texts.answerHeading}</h2>
      <p>{texts.answerHelp}</p>
      <label className="button">
        <span>{texts.answerFile}</span>
        <input
          type="file"
          data-name="answer-file"
          onChange={({ target }) => {
            const [file] = target.files ?? [];
            if (file !== undefined) void takeFile(file);
            target.value = '';
          }}
        />
      </label>
      <label className="field">
        {texts.answerText}
        <textarea
          rows={3}
          dir="ltr"
          spellCheck={false}
          value={text}
          onChange={({ target }) => setText(target.value)}
          data-name="answer-text"
        />
      </label>
      <button type="button" disabled={text.trim() === '' || state.at === 'sending'} onClick={() => takeText()}>
        {texts.take}
      </button>
      <div role="status" aria-live="polite">
        <StateText state={state} kept={kept} texts={texts} />
      </div>
    </section>
  );
}

type AnswerForm = {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly state: State;
  readonly takeFile: (file: File) => Promise<void>;
  readonly takeText: () => void;
};

/** Checks what is given, and sends it as soon as it is whole and its time has come. */
function useAnswer({ kept, onChange, onEnd }: PanelProps, texts: DecisionTexts): AnswerForm {
  const [text, setText] = useState('');
  const [state, setState] = useState<State>({ at: 'idle' });
  const isSent = useRef(false);
  useEffect(() => {
    const envelope = wholeAnswer(kept);
    if (envelope === null || isSent.current) return undefined;
    const waitMs = kept.request.transaction.validUntil - WINDOW_MS + CLOCKS_APART_MS - Date.now();
    if (waitMs > 0) setState({ at: 'early' });
    const begin = (): void => {
      isSent.current = true;
      setState({ at: 'sending' });
      void send(kept, envelope).then((done) => {
        setState(done);
        // What a block has not taken may be sent again.
        if (done.at === 'done' && done.outcome.kind !== 'refused') onEnd();
      });
    };
    const timer = setTimeout(begin, Math.max(0, waitMs));
    return () => clearTimeout(timer);
  }, [kept, onEnd]);
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      setState(badState(error, texts));
    }
  };
  const take = (answer: Bytes): void => {
    const checked = requireAnswer(crypto, kept.request, answer);
    isSent.current = false;
    onChange(keepRequest({ ...kept, answers: [...kept.answers, answer] }));
    if (missingAfter(kept, checked) > 0) setState({ at: 'othersMissing' });
    setText('');
  };
  const takeFile = async (file: File): Promise<void> => {
    const bytes = file.size > LIMITS.transactionSizeMax ? null : new Uint8Array(await file.arrayBuffer());
    attempt(() => {
      if (bytes === null) throw formatError('TOO_LARGE', { sizeMax: LIMITS.transactionSizeMax });
      take(bytes);
    });
  };
  const takeText = (): void =>
    attempt(() => {
      const read = readGivenText(crypto, text);
      if ('file' in read) take(read.file);
      else setState({ at: 'bad', code: 'CODES_MIXED', text: `${texts.codesMissing} (− ${read.missing.join(', ')})` });
    });
  return { text, setText, state, takeFile, takeText };
}

function StateText({
  state,
  kept,
  texts,
}: {
  readonly state: State;
  readonly kept: KeptRequest;
  readonly texts: DecisionTexts;
}): ReactNode {
  const { tag } = useLanguage();
  switch (state.at) {
    case 'idle':
      return kept.request.transaction.validUntil < Date.now() ? <p className="problem">{texts.expired}</p> : null;
    case 'sending':
      return <p>{texts.sending}</p>;
    case 'othersMissing':
      return <p>{texts.othersMissing}</p>;
    case 'early':
      return <p>{fill(texts.tooEarly, { time: formatTime(kept.request.transaction.validUntil - WINDOW_MS, tag) })}</p>;
    case 'bad':
      return (
        <p className="problem">
          {state.text} <code>{state.code}</code>
        </p>
      );
    case 'done':
      return <DoneText {...state} id={kept.id} texts={texts} />;
  }
}

function DoneText(props: Extract<State, { at: 'done' }> & { readonly id: string; readonly texts: DecisionTexts }): ReactNode {
  const { outcome, said, id, texts } = props;
  if (outcome.kind === 'lost') return <p className="problem">{texts.lost}</p>;
  const link = <IdLink id={id} to={{ view: 'transaction', id }} />;
  if (outcome.kind === 'executed' && outcome.code === 'OK') {
    return (
      <p className="done" data-name="outcome">
        <strong>{texts[said]}</strong> {link}
      </p>
    );
  }
  const words = outcome.kind === 'executed' ? describeError(outcome.code as ErrorCode, {}) : outcome.message;
  return (
    <p className="problem" data-name="outcome">
      {texts.refused} <span lang="en">{words}</span> <code>{outcome.code}</code> {outcome.kind === 'executed' && link}
    </p>
  );
}

function badState(error: unknown, texts: DecisionTexts): State {
  if (!(error instanceof FormatError)) throw error;
  const isOther = ['ANSWER_OTHER', 'SIGNING_KEY_OTHER', 'SIGNATURE_INVALID', 'SIGNER_UNEXPECTED'].includes(error.code);
  return { at: 'bad', code: error.code, text: isOther ? texts.answerOther : texts.answerUnreadable };
}

function missingAfter(kept: KeptRequest, checked: CheckedAnswer): number {
  const signed = new Set([
    ...kept.answers.flatMap((answer) => signersOf(kept, answer)),
    ...checked.signatures.map(({ account }) => toHex(account)),
  ]);
  return kept.request.keys.length - signed.size;
}

function signersOf({ request }: KeptRequest, answer: Bytes): readonly string[] {
  return requireAnswer(crypto, request, answer).signatures.map(({ account }) => toHex(account));
}

/** The transaction when all have signed, else null. */
function wholeAnswer({ request, answers }: KeptRequest): Bytes | null {
  if (answers.length === 0) return null;
  const joined = joinAnswers(answers.map((answer) => requireAnswer(crypto, request, answer)));
  return requireAnswer(crypto, request, joined).missing.length === 0 ? joined : null;
}

async function send({ id, request }: KeptRequest, envelope: Bytes): Promise<State> {
  const { transaction } = request;
  if (toHex(parseTransaction(crypto, envelope).id) !== id) throw formatError('ANSWER_OTHER');
  const outcome = await sendAct(envelope, { id, payload: transaction }, () => undefined);
  const kinds = transaction.actions.map(({ kind }) => kind);
  return { at: 'done', outcome, said: outcome.kind === 'executed' ? await saidOf(id, kinds) : 'executed' };
}

/** By what the transaction asked and what came of it. */
async function saidOf(id: string, kinds: readonly string[]): Promise<Said> {
  const isRejection = kinds.includes('proposal/reject');
  if (!isRejection && !kinds.includes('proposal/create') && !kinds.includes('proposal/approve')) return 'executed';
  const events = await eventsOf(id);
  if (events.includes('proposal/executed')) return 'proposalExecuted';
  if (events.includes('proposal/failed')) return 'proposalFailed';
  return isRejection ? 'rejectionCounted' : 'approvalCounted';
}

/** Kinds of the events of a transaction; of one that the city does not tell, none. */
async function eventsOf(id: string): Promise<readonly string[]> {
  try {
    const { events } = await fetchJson<TransactionDetailJson>(`/api/v1/transactions/${id}`);
    return events.map(({ kind }) => kind);
  } catch {
    return [];
  }
}

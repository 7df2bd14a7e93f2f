/** Where something of the page fails, this stands instead: what happened and what to do. A page is never blank. */

import { plainText } from '@oppidum/pages/plain-text';
import { Component, type ReactNode } from 'react';
import { useLanguage } from '../language.ts';
import { addressOf } from '../route.ts';

type Props = { readonly children: ReactNode; readonly of: 'page' | 'view' };

/** Catches what views throw, also that a part of the page could not be loaded. */
export class ErrorBoundary extends Component<Props, { readonly problem: string | null }> {
  override state: { readonly problem: string | null } = { problem: null };

  static getDerivedStateFromError(error: unknown): { readonly problem: string } {
    return { problem: String(error) };
  }

  override render(): ReactNode {
    const { problem } = this.state;
    if (problem === null) return this.props.children;
    const note = <BrokenNote problem={problem} />;
    return this.props.of === 'view' ? note : <main>{note}</main>;
  }
}

function BrokenNote({ problem }: { readonly problem: string }): ReactNode {
  const { sentences } = useLanguage();
  return (
    <section role="alert">
      <h1>{sentences.brokenHeading}</h1>
      <p>{sentences.brokenText}</p>
      <p className="actions">
        <button type="button" onClick={() => location.reload()}>
          {sentences.reload}
        </button>
        <a href={addressOf({ view: 'city' })}>{sentences.nav.city}</a>
        <a href="/verify">{sentences.openVerifier}</a>
      </p>
      <p className="hint" lang="en" dir="ltr">
        <bdi>{plainText(problem)}</bdi>
      </p>
    </section>
  );
}

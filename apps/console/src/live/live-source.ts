/**
 * One stream of server-sent events, kept up: after a pause it goes on behind the last event that came (the browser sends Last-Event-ID),
 * and where the city will not have it, lists are polled until it will. A page that nobody looks at lets its stream go: browsers hold few
 * connections to one place, and all tabs share them.
 */

import type { LiveEventName } from '@oppidum/gateway/api/live';
import { BATCH_MS, type Batch, Batches } from './batches.ts';

/** `polling`: no stream now, so whoever shows lists asks for them. */
export type LiveState = 'connecting' | 'live' | 'polling';

/** How long the city is let alone after it refused a stream, and how long a hidden page keeps its stream. */
const RETRY_MS = 10_000;
const HIDDEN_KEEP_MS = 10_000;
/** A place further back than this is not gone on from: lists are newer. */
const RESUME_MS = 60_000;

type LiveListener = { readonly onBatch: (batch: Batch) => void; readonly onState: (state: LiveState) => void };

/** Begins to listen; the answer ends it. */
export function openLive(topics: readonly LiveEventName[], query: string, listener: LiveListener): () => void {
  const source = new LiveSource(topics, query, listener);
  source.open();
  return () => source.end();
}

class LiveSource {
  readonly #topics: readonly LiveEventName[];
  readonly #address: string;
  readonly #listener: LiveListener;
  readonly #batches = new Batches();
  #stream: EventSource | null = null;
  #last: { readonly id: string; readonly atMs: number } | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;
  readonly #onVisibility = (): void => this.#follow();

  constructor(topics: readonly LiveEventName[], query: string, listener: LiveListener) {
    this.#topics = topics;
    this.#address = `/api/v1/live?topics=${topics.join(',')}${query}`;
    this.#listener = listener;
  }

  open(): void {
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#timer = setInterval(() => this.#flush(), BATCH_MS);
    this.#connect();
  }

  end(): void {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    clearInterval(this.#timer);
    clearTimeout(this.#pause);
    this.#close();
  }

  #close(): void {
    this.#stream?.close();
    this.#stream = null;
  }

  /** A hidden page lets go, one that is looked at again takes up. */
  #follow(): void {
    clearTimeout(this.#pause);
    if (document.hidden) this.#pause = setTimeout(() => this.#close(), HIDDEN_KEEP_MS);
    else if (this.#stream === null) this.#connect();
  }

  #connect(): void {
    clearTimeout(this.#pause);
    if (this.#last !== null && performance.now() - this.#last.atMs > RESUME_MS) {
      this.#last = null;
      this.#batches.skip();
    }
    const from = this.#last === null ? '' : `&lastEventId=${encodeURIComponent(this.#last.id)}`;
    const stream = new EventSource(`${this.#address}${from}`);
    this.#stream = stream;
    const note = ({ lastEventId }: MessageEvent): void => {
      if (lastEventId !== '') this.#last = { id: lastEventId, atMs: performance.now() };
    };
    for (const topic of this.#topics) {
      stream.addEventListener(topic, (event: MessageEvent<string>) => {
        note(event);
        this.#batches.add({ topic, data: event.data });
      });
    }
    stream.addEventListener('open', (event) => {
      // The city's own first event has the name that browsers give to theirs.
      if (event instanceof MessageEvent) note(event);
      this.#listener.onState('live');
    });
    stream.addEventListener('gap', () => this.#batches.skip());
    stream.addEventListener('error', () => this.#onError(stream));
  }

  /** Browsers come back by themselves from a broken connection, and not from a refusal. */
  #onError(stream: EventSource): void {
    if (stream !== this.#stream) return;
    this.#listener.onState('polling');
    if (stream.readyState !== EventSource.CLOSED) return;
    this.#close();
    // Perhaps the place was refused: without one lists are asked for again.
    this.#last = null;
    this.#batches.skip();
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      if (!document.hidden) this.#connect();
    }, RETRY_MS);
  }

  #flush(): void {
    if (!this.#batches.isEmpty) this.#listener.onBatch(this.#batches.take());
  }
}

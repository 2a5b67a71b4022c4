import { apiUrl } from './base';

export type Connection = 'connecting' | 'live' | 'lost' | 'asleep';

export interface StreamListener {
  onMessage: (event: string, data: unknown) => void;
  onState: (state: Connection) => void;
  /** The stream is there again, and something may have been missed. */
  onGap: () => void;
}

const names = ['hello', 'change', 'reset', 'table', 'file'];
const firstDelayMs = 500;
const longestDelayMs = 10_000;
const sleepAfterMs = 20_000;

/**
 * Live changes. The browser resumes by itself with Last-Event-ID after a cut; when it gives up (an answer that is no
 * stream, such as a proxy's 502) this asks again with the last id. A hidden page lets go of its connection, because a
 * browser has few of them for one server.
 */
export class EventStream {
  private source: EventSource | undefined;
  private lastId: string | undefined;
  private server: string | undefined;
  private delayMs = firstDelayMs;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(private readonly listener: StreamListener) {
    document.addEventListener('visibilitychange', this.onVisibility);
    window.addEventListener('online', this.reconnectNow);
    this.open();
  }

  close(): void {
    this.closed = true;
    document.removeEventListener('visibilitychange', this.onVisibility);
    window.removeEventListener('online', this.reconnectNow);
    clearTimeout(this.timer);
    this.source?.close();
  }

  private open(): void {
    clearTimeout(this.timer);
    this.source?.close();
    const query = this.lastId === undefined ? '' : `?last_event_id=${encodeURIComponent(this.lastId)}`;
    const source = new EventSource(apiUrl(`events${query}`));
    this.source = source;
    source.onopen = () => {
      this.delayMs = firstDelayMs;
      this.listener.onState('live');
    };
    source.onerror = () => this.onError(source);
    for (const name of names) source.addEventListener(name, (message) => this.onMessage(name, message));
  }

  private onMessage(name: string, message: MessageEvent<string>): void {
    if (message.lastEventId) this.lastId = message.lastEventId;
    let data: unknown = null;
    try {
      data = JSON.parse(message.data);
    } catch {
      // A message that can't be read may have said anything.
      this.listener.onGap();
      return;
    }
    if (name === 'hello') this.onHello(data);
    else this.listener.onMessage(name, data);
  }

  private onHello(data: unknown): void {
    const server = (data as { server?: string } | null)?.server;
    if (this.server !== undefined && server !== this.server) this.listener.onGap();
    this.server = server;
  }

  private onError(source: EventSource): void {
    this.listener.onState('lost');
    if (this.closed || source.readyState !== EventSource.CLOSED) return;
    this.timer = setTimeout(() => this.open(), this.delayMs);
    this.delayMs = Math.min(this.delayMs * 2, longestDelayMs);
  }

  private readonly reconnectNow = (): void => {
    if (this.source?.readyState !== EventSource.OPEN) this.open();
  };

  private readonly onVisibility = (): void => {
    clearTimeout(this.timer);
    if (document.visibilityState === 'hidden') {
      this.timer = setTimeout(() => {
        this.source?.close();
        this.listener.onState('asleep');
      }, sleepAfterMs);
    } else {
      this.reconnectNow();
    }
  };
}

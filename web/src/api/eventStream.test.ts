import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Connection, EventStream } from './eventStream';

class FakeSource extends EventTarget {
  static all: FakeSource[] = [];
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  constructor(readonly url: string) {
    super();
    FakeSource.all.push(this);
  }
  close() {
    this.readyState = 2;
  }
  opened() {
    this.readyState = 1;
    this.onopen?.();
  }
  failed(readyState: number) {
    this.readyState = readyState;
    this.onerror?.();
  }
  say(type: string, data: string, lastEventId = '') {
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId }));
  }
}

const newest = () => FakeSource.all.at(-1) as FakeSource;

describe('EventStream', () => {
  let states: Connection[];
  let messages: [string, unknown][];
  let gaps: number;
  let stream: EventStream;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('EventSource', FakeSource);
    FakeSource.all = [];
    states = [];
    messages = [];
    gaps = 0;
    stream = new EventStream({
      onState: (state) => states.push(state),
      onMessage: (event, data) => messages.push([event, data]),
      onGap: () => {
        gaps += 1;
      },
    });
  });
  afterEach(() => {
    stream.close();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('hands on what it hears', () => {
    newest().opened();
    newest().say('change', '{"pipeline":"a"}', '7');
    expect(messages).toEqual([['change', { pipeline: 'a' }]]);
    expect(states).toEqual(['live']);
  });

  it('leaves a short cut to the browser, which resumes by itself', () => {
    newest().opened();
    newest().failed(0);
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.all).toHaveLength(1);
    expect(states).toEqual(['live', 'lost']);
  });

  it('asks again from the last id when the browser gave up, ever more slowly', () => {
    newest().opened();
    newest().say('change', '{}', '41');
    newest().failed(2);
    vi.advanceTimersByTime(500);
    expect(FakeSource.all).toHaveLength(2);
    expect(newest().url).toMatch(/last_event_id=41$/);
    newest().failed(2);
    vi.advanceTimersByTime(999);
    expect(FakeSource.all).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(FakeSource.all).toHaveLength(3);
  });

  it('loads everything again when another server answers', () => {
    newest().say('hello', '{"server":"one"}');
    newest().say('hello', '{"server":"one"}');
    expect(gaps).toBe(0);
    newest().say('hello', '{"server":"two"}');
    expect(gaps).toBe(1);
  });

  it('takes a message it cannot read for a gap', () => {
    newest().say('change', '{"pipe');
    expect(gaps).toBe(1);
    expect(messages).toEqual([]);
  });

  it('lets go of a hidden page after a while and comes back with it', () => {
    newest().opened();
    const visibility = vi.spyOn(document, 'visibilityState', 'get');
    visibility.mockReturnValue('hidden');
    document.dispatchEvent(new Event('visibilitychange'));
    vi.advanceTimersByTime(19_000);
    expect(newest().readyState).toBe(1);
    vi.advanceTimersByTime(2000);
    expect(newest().readyState).toBe(2);
    expect(states.at(-1)).toBe('asleep');
    visibility.mockReturnValue('visible');
    document.dispatchEvent(new Event('visibilitychange'));
    expect(FakeSource.all).toHaveLength(2);
  });

  it('is quiet once closed', () => {
    newest().opened();
    stream.close();
    newest().failed(2);
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.all).toHaveLength(1);
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { takeEarly } from './early';

const url = 'http://localhost/api/v1/session';

describe('answers to early requests', () => {
  afterEach(() => {
    window.latecomerEarly = undefined;
  });

  it('are given once, to the request they are for', async () => {
    const answer = new Response('{}');
    window.latecomerEarly = new Map([[url, Promise.resolve(answer)]]);
    expect(takeEarly(new Request('http://localhost/api/v1/me'))).toBeNull();
    expect(takeEarly(new Request(url, { method: 'DELETE' }))).toBeNull();
    expect(await takeEarly(new Request(url))).toBe(answer);
    expect(takeEarly(new Request(url))).toBeNull();
  });

  it('are asked for again when the server was not there', async () => {
    const answer = new Response('{}');
    const fetch = vi.spyOn(globalThis, 'fetch').mockResolvedValue(answer);
    window.latecomerEarly = new Map([[url, Promise.resolve(null)]]);
    expect(await takeEarly(new Request(url))).toBe(answer);
    expect(fetch).toHaveBeenCalledOnce();
  });
});

import { describe, expect, it } from 'vitest';
import { asApiError, errorOf } from './errors';

const answer = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

describe('errorOf', () => {
  it('says what the server says, and what to try', () => {
    const error = errorOf(answer(409), {
      type: 'x',
      title: 'Conflict',
      status: 409,
      detail: 'it runs',
      hint: 'cancel it first',
    });
    expect(error.message).toBe('it runs');
    expect(error.hint).toBe('cancel it first');
  });
  it('takes a proxy that finds no server for no connection', () =>
    expect(errorOf(answer(502), '<html>').disconnected).toBe(true));
  it('does not show a page that is no problem', () =>
    expect(errorOf(answer(500), '<html>secret</html>').message).not.toContain('secret'));
  it('keeps how long to wait', () =>
    expect(errorOf(answer(429, { 'Retry-After': '30' }), null).retryAfterSeconds).toBe(30));
  it('knows a request that never arrived', () =>
    expect(asApiError(new TypeError('Failed to fetch')).disconnected).toBe(true));
});

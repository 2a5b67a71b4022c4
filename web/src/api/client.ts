import createClient, { type Middleware } from 'openapi-fetch';
import { apiUrl } from './base';
import { takeEarly } from './early';
import { ApiError, errorOf } from './errors';
import type { paths } from './schema';

let csrfToken: string | null = null;

/** The token of the session; requests that change something carry it. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

const withCsrf: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET' && csrfToken) request.headers.set('X-CSRF-Token', csrfToken);
    return request;
  },
};

export const api = createClient<paths>({
  baseUrl: apiUrl(''),
  credentials: 'same-origin',
  // Looked up at each call, so that tests can put their own in its place.
  fetch: (request) => takeEarly(request) ?? globalThis.fetch(request),
});
api.use(withCsrf);

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** The data of an answer; throws an ApiError for anything else. */
export async function unwrap<T>(pending: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await pending;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The server does not answer.');
  }
  if (!answer.response.ok) throw errorOf(answer.response, answer.error);
  return answer.data as T;
}

/** A key for one action: a repeat of the same request gives the first answer again. */
export const idempotencyKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

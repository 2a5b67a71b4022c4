import type { Problem } from './types';

/** An answer that isn't a success, or no answer at all (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly hint: string | undefined;
  readonly problem: Problem | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, message: string, problem?: Problem, retryAfterSeconds?: number) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.problem = problem;
    this.hint = problem?.hint;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get disconnected(): boolean {
    return this.status === 0;
  }
  get unauthorized(): boolean {
    return this.status === 401;
  }
  get forbidden(): boolean {
    return this.status === 403;
  }
  get notFound(): boolean {
    return this.status === 404;
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && typeof (body as Problem).detail === 'string';
}

/** What a failed answer says, for people; the body may be anything (a proxy's page, nothing). */
export function errorOf(response: Response, body: unknown): ApiError {
  const retry = Number(response.headers.get('Retry-After') ?? Number.NaN);
  const retryAfter = Number.isFinite(retry) ? retry : undefined;
  if (isProblem(body)) return new ApiError(response.status, body.detail || body.title, body, retryAfter);
  // A proxy in front says 502 to 504 while the server is away.
  if (response.status >= 502 && response.status <= 504) return new ApiError(0, 'The server does not answer.');
  return new ApiError(
    response.status,
    `The server answered ${response.status} ${response.statusText}`.trim(),
    undefined,
    retryAfter,
  );
}

export const asApiError = (error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  if (error instanceof TypeError) return new ApiError(0, 'The server does not answer.');
  return new ApiError(-1, error instanceof Error ? error.message : String(error));
};

declare global {
  interface Window {
    latecomerEarly?: Map<string, Promise<Response | null>>;
  }
}

/** The answer to a request that public/early.js made before this code was there; each is given once. */
export function takeEarly(request: Request): Promise<Response> | null {
  const all = window.latecomerEarly;
  const early = request.method === 'GET' ? all?.get(request.url) : undefined;
  if (!early) return null;
  all?.delete(request.url);
  return early.then((answer) => answer ?? globalThis.fetch(request));
}

/** Where the app lives, from <base href>: the path prefix of the server. */
export const baseUrl = (): URL => new URL(document.baseURI);

/** The router's base: the prefix without a slash at its end. */
export const basePath = (): string => baseUrl().pathname.replace(/\/+$/, '');

export const apiUrl = (path: string): string => new URL(`api/v1/${path.replace(/^\//, '')}`, baseUrl()).href;

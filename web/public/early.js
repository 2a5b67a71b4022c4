// Asks for what the first view of a grid needs while the code of the UI is still on its way; src/api/early.ts takes the
// answers. What is asked for here is what src/app/prefetch.ts asks for.
(() => {
  const base = new URL(document.baseURI);
  const view = location.pathname.slice(base.pathname.length);
  if (location.search || view === 'sign-in') return;
  const id = /^pipelines\/([^/]+)(?:\/runs\/[^/]+(?:\/[^/]+)?)?\/?$/.exec(view)?.[1];
  const paths = id ? ['session', `pipelines/${id}`, `pipelines/${id}/grid?limit=60`] : ['session'];
  window.latecomerEarly = new Map(
    paths.map((path) => {
      const url = new URL(`api/v1/${path}`, base).href;
      return [url, fetch(url, { credentials: 'same-origin' }).catch(() => null)];
    }),
  );
})();

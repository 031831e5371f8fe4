// GraphiQL over this server's own endpoint, by the session of the browser.

/** The tabs of a first visit, in their order: files of the folder `examples`. */
const EXAMPLES = ['profile', 'children', 'record-and-grade', 'follow', 'backfill', 'follow-backfill', 'queue'];

const root = document.getElementById('graphiql');

// Must be there before GraphiQL is: it marks the style elements that it makes with this.
globalThis.__webpack_nonce__ = root.dataset.styleNonce;
await load('/assets/vendor/graphiql-4.1.2/graphiql.min.js');

const { createElement } = globalThis.React;
const GraphiQL = globalThis.GraphiQL;

/** Runs a script that is no module. */
function load(src) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement('script'), { src, onload: resolve, onerror: reject });
    document.head.append(script);
  });
}

async function text(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.text();
}

/** Like `fetch`, but a session that has ended is begun anew. The tabs are kept meanwhile. */
async function fetchSignedIn(input, init) {
  const response = await fetch(input, init);
  if (response.status === 401) location.assign('/sign-in?next=/graphiql');
  return response;
}

/** In the place of GraphiQL's name: the way home, and the way out. */
function bar() {
  return createElement(
    GraphiQL.Logo,
    null,
    createElement(
      'div',
      { className: 'tally-bar' },
      createElement('a', { href: '/' }, 'Tally'),
      createElement(
        'form',
        { method: 'post', action: '/sign-out' },
        createElement('button', null, 'Sign out'),
      ),
    ),
  );
}

const examples = await Promise.all(EXAMPLES.map((name) => text(`/assets/graphiql/examples/${name}.graphql`)));

const socket = new URL('/graphql', location.href);
socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:';

const fetcher = GraphiQL.createFetcher({
  url: '/graphql',
  fetch: fetchSignedIn,
  wsClient: globalThis.graphqlWs.createClient({ url: socket.href }),
});

globalThis.ReactDOM.createRoot(root).render(
  createElement(
    GraphiQL,
    {
      fetcher,
      defaultTabs: examples.map((query) => ({ query })),
      isHeadersEditorEnabled: false,
      defaultEditorToolsVisibility: false,
    },
    bar(),
  ),
);

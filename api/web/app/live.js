// Subscriptions over one WebSocket that is opened anew for ever when it is lost, and says how it is.

import '../vendor/graphql-ws-5.16.2/graphql-ws.min.js';
import { ask, Problem } from './graphql.js';
import { store } from './store.js';

const KEEP_ALIVE = 10_000;
const PONG_WITHIN = 5_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 20_000;

/** How the connection is: `connecting` for the first time, `live`, or `lost`. */
export const connection = store('connecting');

const returns = new Set();

/** Calls `heal` whenever the connection is there again after it was lost. Returns how to stop that. */
export function onReturn(heal) {
  returns.add(heal);
  return () => returns.delete(heal);
}

/**
 * Follows a subscription: `next` gets the data of each event, `error` the `Problem` with which the server ends it, and
 * `complete` is called when it ends in peace. A lost connection is none of these: the subscription is asked for again
 * as soon as there is a connection. Returns how to stop.
 */
export function follow(query, variables, { next, error = () => {}, complete = () => {} }) {
  let stop = () => {};
  let isOver = false;
  const start = () => {
    stop = client.subscribe({ query, variables }, {
      next: ({ data, errors }) => (errors?.length ? error(Problem.of(errors)) : next(data)),
      error: async (reason) => {
        if (Array.isArray(reason)) return error(Problem.of(reason));
        // A close that the client takes for final. It may heal all the same: the server may be a newer one by then.
        await wait(LONGEST_WAIT);
        if (!isOver) start();
      },
      complete: () => isOver || complete(),
    });
  };
  start();
  return () => {
    isOver = true;
    stop();
  };
}

const address = new URL('/graphql', location.href);
address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';

const client = globalThis.graphqlWs.createClient({
  url: address.href,
  keepAlive: KEEP_ALIVE,
  retryAttempts: Infinity,
  shouldRetry: () => true,
  retryWait: (retries) => wait(Math.min(FIRST_WAIT * 2 ** retries, LONGEST_WAIT) * (0.5 + Math.random() / 2)),
  on: { connected, closed, ping, pong },
});

let pongTimer;

function connected() {
  const wasLost = connection.get() === 'lost';
  connection.set('live');
  if (wasLost) for (const heal of [...returns]) heal();
}

function closed({ code } = {}) {
  clearTimeout(pongTimer);
  // Nobody follows anything any more.
  if (code === 1000) return;
  connection.set('lost');
  // Refused: the session has ended, which leads to the sign-in page.
  if (code === 4401 || code === 4403) ask('{ me { role } }').catch(() => {});
}

/** A connection whose other end is gone says nothing: it is given up when a ping is not answered. */
function ping(isReceived) {
  if (!isReceived) pongTimer = setTimeout(() => client.terminate(), PONG_WITHIN);
}

function pong(isReceived) {
  if (isReceived) clearTimeout(pongTimer);
}

/** Waits, but no longer than until the browser says that the network is back or the page is looked at again. */
function wait(milliseconds) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      document.removeEventListener('visibilitychange', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener('online', done);
    document.addEventListener('visibilitychange', done);
  });
}

addEventListener('offline', () => client.terminate());

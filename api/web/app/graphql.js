// Queries and mutations over this server's public GraphQL API, by the session of the browser.

/** Why there is no answer. `code` is one of the API's, or `OFFLINE` when nothing came back at all. */
export class Problem extends Error {
  constructor(code, { field, requestId, message } = {}) {
    super(message ?? code);
    Object.assign(this, { name: 'Problem', code, field, requestId });
  }

  /** The first of the errors that a GraphQL answer brings. */
  static of([{ message, extensions = {} }]) {
    const { code = 'INTERNAL', field, requestId } = extensions;
    return new Problem(code, { field, requestId, message });
  }
}

/** Leads to the sign-in page, and from there back to where one is now. */
export function signIn() {
  const here = location.pathname + location.search;
  location.assign(`/sign-in?next=${encodeURIComponent(here)}`);
}

/**
 * The data that the server answers to a document; throws a `Problem`. When the session has ended, the browser is on its
 * way to the sign-in page, and this never returns.
 */
export async function ask(query, variables = {}, { signal } = {}) {
  const { status, answer } = await send({ query, variables }, signal);
  if (status === 401) {
    signIn();
    return new Promise(() => {});
  }
  if (answer.errors?.length) throw Problem.of(answer.errors);
  return answer.data;
}

async function send(body, signal) {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  try {
    const response = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify(body), signal });
    return { status: response.status, answer: await response.json() };
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem('OFFLINE');
  }
}

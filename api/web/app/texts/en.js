// English.

export default {
  common: {
    pages: 'Pages',
    signOut: 'Sign out',
    close: 'Close',
    tryAgain: 'Try again',
    loading: 'Loading …',
    more: 'Show more',
    justNow: 'just now',
    connectionLost: 'The connection is lost. What you see may be out of date. Trying again …',
    problems: {
      input: 'That cannot be done: {message}.',
      OFFLINE: 'The server cannot be reached. Are you connected to the internet?',
      UNAVAILABLE: 'The server cannot answer right now. Please try again in a moment.',
      NOT_FOUND: 'There is no such thing, or none that you may see.',
      FORBIDDEN: 'You may not do this.',
      LIMIT_EXCEEDED: 'That is more than can be asked for at once.',
      withId: 'Something went wrong, and it is not your fault. When you report it, say this number: {id}',
      other: 'Something went wrong, and it is not your fault. Please try again.',
    },
  },
  family: {},
  admin: {},
};

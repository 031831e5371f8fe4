// What components ask of the API, once or again and again.

import { useCallback, useEffect, useRef, useState } from '../app/view.js';
import { ask, Problem } from '../app/graphql.js';

/**
 * The answer to a query: `{ data, problem, isLoading, reload }`. While other variables are asked for, and when a later
 * attempt fails, `data` stays what it was, so that nothing jumps. With `every`, it is asked again after so many
 * seconds for as long as the page is looked at.
 */
export function useAnswer(query, variables = {}, { every } = {}) {
  const key = JSON.stringify(variables);
  const [answer, setAnswer] = useState({});
  const [round, setRound] = useState(0);
  const isAsking = useRef(false);
  useEffect(() => {
    const request = new AbortController();
    const isLatest = () => !request.signal.aborted;
    isAsking.current = true;
    ask(query, JSON.parse(key), { signal: request.signal })
      .then(
        (data) => isLatest() && setAnswer({ data, key }),
        (problem) => {
          if (!isLatest()) return;
          setAnswer((before) => ({ data: before.data, key, problem }));
          if (!(problem instanceof Problem)) throw problem;
        },
      )
      .finally(() => {
        if (isLatest()) isAsking.current = false;
      });
    return () => request.abort();
  }, [query, key, round]);
  const reload = useCallback(() => setRound((number) => number + 1), []);
  // Not while the answer is on its way: one that takes longer than the pause would never come.
  useEvery(every, () => isAsking.current || reload());
  return { data: answer.data, problem: answer.problem, isLoading: answer.key !== key, reload };
}

/** Does something every so many seconds while the page is looked at, and when it is looked at again. */
export function useEvery(seconds, act) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!seconds) return undefined;
    const actIfSeen = () => document.visibilityState === 'visible' && latest.current();
    const timer = setInterval(actIfSeen, seconds * 1000);
    document.addEventListener('visibilitychange', actIfSeen);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', actIfSeen);
    };
  }, [seconds]);
}

/** Something that a viewer does: `{ run, isRunning, problem }`. */
export function useAction(act) {
  const [state, setState] = useState({ isRunning: false });
  const run = async (...values) => {
    setState({ isRunning: true });
    try {
      await act(...values);
      setState({ isRunning: false });
    } catch (problem) {
      setState({ isRunning: false, problem });
      if (!(problem instanceof Problem)) throw problem;
    }
  };
  return { ...state, run };
}

/** All nodes of a list so far, page by page: `read(data)` finds the connection. `{ ..., nodes, more, showMore }`. */
export function usePages(query, variables, read, { size = 20, ...options } = {}) {
  const [first, setFirst] = useState(size);
  const answer = useAnswer(query, { ...variables, first: Math.min(first, MOST) }, options);
  const connection = answer.data && read(answer.data);
  const hasMore = Boolean(connection?.pageInfo.hasNextPage) && first < MOST;
  return { ...answer, nodes: connection?.nodes, hasMore, showMore: () => setFirst(first + 2 * size) };
}

/**
 * All nodes of a long list so far, page after page by cursors: what is shown stays while more comes below it.
 * `{ ..., nodes, hasMore, showMore }`; while another list is asked for, the nodes are those of the one before.
 */
export function useList(query, variables, read, size) {
  const key = JSON.stringify(variables);
  const [shown, setShown] = useState({});
  const { after, earlier } = shown.key === key ? shown : { earlier: [] };
  const answer = useAnswer(query, { ...variables, first: size, after });
  const page = answer.data && read(answer.data);
  const isCurrent = !answer.isLoading && !answer.problem;
  const latest = page && (isCurrent || !earlier.length) ? page.nodes : [];
  const showMore = () => isCurrent && setShown({ key, after: page.pageInfo.endCursor, earlier: [...earlier, ...latest] });
  return {
    ...answer,
    nodes: page && [...earlier, ...latest],
    hasMore: Boolean(page?.pageInfo.hasNextPage) && !answer.problem,
    showMore,
  };
}

/** The most that the API gives at once. */
const MOST = 100;

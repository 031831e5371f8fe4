// Values that components follow.

import { useEffect, useState } from './view.js';

/** A value that can be read, set and followed. */
export function store(value) {
  const followers = new Set();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const follower of [...followers]) follower(value);
    },
    /** Calls `follower` with each new value, until the function that is returned is called. */
    follow(follower) {
      followers.add(follower);
      return () => followers.delete(follower);
    },
  };
}

/** The value of a store, in a component that is shown anew whenever it changes. */
export function useStore(source) {
  const [value, setValue] = useState(source.get());
  useEffect(() => {
    setValue(source.get());
    return source.follow(setValue);
  }, [source]);
  return value;
}

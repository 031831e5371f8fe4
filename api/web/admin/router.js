// Where one is at the desk. The address is the state: whatever is chosen, sorted or leafed through stands in it.

import { store, useStore } from '../app/store.js';

const HOME = '/admin';

const read = () => ({ path: location.pathname, params: new URLSearchParams(location.search) });
const place = store(read());

/** The path of the page and its parameters, in a component that is shown anew whenever they change. */
export const usePlace = () => useStore(place);

/** Goes to an address of the desk. With `replace`, the way back does not lead here. */
export function go(address, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  const isElsewhere = place.get().path !== location.pathname;
  place.set(read());
  if (isElsewhere) scrollTo(0, 0);
}

/** The address of a path with parameters; those without a value are left out. */
export function address(path, values = {}) {
  const params = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  return params.size ? `${path}?${params}` : path;
}

/** The address of where one is, with some parameters changed. */
export const here = (changes) => {
  const { path, params } = place.get();
  return address(path, { ...Object.fromEntries(params), ...changes });
};

addEventListener('popstate', () => place.set(read()));

/** Links to other parts of the desk change the address alone, unless they are to open elsewhere. */
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute('download')) return;
  const isOfDesk = link.pathname === HOME || link.pathname.startsWith(`${HOME}/`);
  if (link.origin !== location.origin || !isOfDesk || link.hash) return;
  event.preventDefault();
  go(link.href);
});

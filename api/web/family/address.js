// The chosen child, who is in the address: `/children/student:…`. Without one, the first is chosen.

import { store } from '../app/store.js';

const PATH = /^\/children\/([^/]+)$/;

/** The id of the chosen child; none when nobody is chosen. */
export const chosen = store(read());

/** The address at which a child is chosen. */
export function addressOf(student) {
  return `/children/${student}`;
}

let isJustChosen = false;

/** Whether a child was chosen since this was last asked, other than by going back or by opening the page. */
export function wasJustChosen() {
  const was = isJustChosen;
  isJustChosen = false;
  return was;
}

/** Follows a link to a child without leaving the page, unless it is to be opened elsewhere. */
export function choose(event, student) {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.pushState(null, '', addressOf(student));
  isJustChosen = true;
  chosen.set(student);
}

function read() {
  const id = PATH.exec(location.pathname)?.[1];
  return id === undefined ? undefined : decoded(id);
}

function decoded(id) {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

addEventListener('popstate', () => chosen.set(read()));

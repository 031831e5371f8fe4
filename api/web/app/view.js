// The view library, as all modules of the pages import it: Preact, with `html` templates in the place of JSX.

import { createElement, render } from '../vendor/preact-11.2.0/preact.mjs';
import htm from '../vendor/htm-3.1.1/htm.mjs';

export { render };
export {
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from '../vendor/preact-11.2.0/hooks.mjs';

/** Tagged templates that make elements: html`<p class="note">${text}</p>`. What is put in is text, never HTML. */
export const html = htm.bind(createElement);

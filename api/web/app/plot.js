// Plots: uPlot in a component. It is loaded when the first plot is shown; what the page says in words waits for nothing.

import { html, useEffect, useRef, useState } from './view.js';

const LIBRARY = '/assets/vendor/uplot-1.6.32/uPlot.iife.min.js';

let library;

/** The library, which is no module: a script that leaves a global behind. */
function load() {
  library ??= new Promise((resolve, reject) => {
    const onload = () => resolve(globalThis.uPlot);
    document.head.append(Object.assign(document.createElement('script'), { src: LIBRARY, onload, onerror: reject }));
  });
  return library;
}

/** The colour that a custom property has now, as uPlot takes it: a function that is called with every drawing. */
export function colour(name) {
  return () => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * A plot of `data` (see uPlot), as large as its place, which has its height from the style sheet. `options` are read
 * once; `label` says what it shows. Whoever cannot see it needs the same in a table.
 */
export function Plot({ label, options, data }) {
  const place = useRef();
  const latest = useRef(data);
  const [plot, setPlot] = useState();
  latest.current = data;

  useEffect(() => {
    const element = place.current;
    let made;
    load().then((UPlot) => {
      if (!element.isConnected) return;
      made = new UPlot({ ...options, ...sizeOf(element) }, latest.current, element);
      setPlot(made);
    });
    return () => made?.destroy();
  }, []);

  useEffect(() => plot?.setData(data), [plot, data]);

  useEffect(() => {
    if (!plot) return undefined;
    const element = place.current;
    // An element that goes away has no size, and is heard of once more.
    const fits = new ResizeObserver(() => element.isConnected && plot.setSize(sizeOf(element)));
    fits.observe(element);
    const media = ['(prefers-color-scheme: dark)', 'print'].map((query) => matchMedia(query));
    const redraw = () => plot.redraw(false, true);
    for (const medium of media) medium.addEventListener('change', redraw);
    return () => {
      fits.disconnect();
      for (const medium of media) medium.removeEventListener('change', redraw);
    };
  }, [plot]);

  return html`<div class="plot" role="img" aria-label=${label} ref=${place}></div>`;
}

function sizeOf({ clientWidth, clientHeight }) {
  return { width: clientWidth, height: clientHeight };
}

// Where results are going: an arrow, and in words why.

import { html } from '../app/view.js';
import { count, date, signed } from '../app/format.js';
import { t } from '../app/texts.js';

/** Each direction's tone, and its arrow as a path in a square of 16. */
const LOOKS = {
  IMPROVING: ['good', 'M3 13 13 3M6 3h7v7'],
  STEADY: ['plain', 'M2 8h12M9 3l5 5-5 5'],
  DECLINING: ['warn', 'M3 3l10 10M13 6v7H6'],
  INSUFFICIENT_DATA: ['plain', 'M3 8h1M7.5 8h1M12 8h1'],
};

/** The trend of a child. */
export function Trend({ trend: { direction, slope, itemCount, since } }) {
  const [tone, path] = LOOKS[direction];
  const values = {
    count: itemCount,
    n: count(itemCount),
    since: date(since),
    points: signed(slope?.pointsPerWeek),
  };
  return html`<p class="trend">
    <span class="arrow ${tone}">
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d=${path} fill="none" stroke="currentcolor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" />
      </svg>
    </span>
    <span>
      <strong>${t(`family.trend.${direction}.title`)}</strong>${' '}
      <span class="soft">${t(`family.trend.${direction}.reason`, values)}</span>
    </span>
  </p>`;
}

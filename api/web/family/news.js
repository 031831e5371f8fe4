// What screen readers say when numbers have changed.

import { html, useEffect, useRef, useState } from '../app/view.js';
import { percent } from '../app/format.js';
import { t } from '../app/texts.js';

/** Says of each child whose overall average has changed since the page was opened what it is now. */
export function News({ profiles }) {
  const known = useRef(new Map());
  const [news, setNews] = useState('');
  useEffect(() => {
    const changed = (profiles ?? []).filter(({ student, overallAverageScore }) => {
      const before = known.current.get(student.id);
      known.current.set(student.id, overallAverageScore);
      return before !== undefined && before !== overallAverageScore;
    });
    if (changed.length > 0) setNews(changed.map(inWords).join(' '));
  }, [profiles]);
  return html`<p class="unseen" role="status">${news}</p>`;
}

function inWords({ student, overallAverageScore }) {
  const name = student.displayName;
  if (overallAverageScore === null) return t('family.news.none', { name });
  return t('family.news.average', { name, average: percent(overallAverageScore) });
}

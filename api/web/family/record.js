// The record of the chosen child.

import { html, useEffect, useRef, useState } from '../app/view.js';
import { t } from '../app/texts.js';
import { Accesses } from './accesses.js';
import { Activity } from './activity.js';
import { wasJustChosen } from './address.js';
import { Courses } from './courses.js';
import { Explanation } from './explanation.js';
import { Weeks } from './weeks.js';

/** The record: week by week, course by course, what happened lately, and how the numbers come about. */
export function Record({ profile }) {
  const [isExplained, setExplained] = useState(false);
  const heading = useRef();
  // As after following any link, what was chosen is where one is: on a phone it is far below the cards.
  useEffect(() => {
    if (wasJustChosen()) heading.current.focus();
  }, []);
  const { student, version, weeklyPerformance, enrollments, overallAverageScore, recentActivity } = profile;
  return html`<section class="record" aria-labelledby="record">
    <div class="heading">
      <h2 id="record" tabindex="-1" ref=${heading}>${student.displayName}</h2>
      <button class="quiet small" onClick=${() => setExplained(true)}>${t('family.how')}</button>
    </div>
    <div class="panels">
      <${Weeks} weeks=${weeklyPerformance} />
      <${Courses} enrollments=${enrollments} average=${overallAverageScore} />
      <${Activity} student=${student.id} first=${recentActivity} />
      <${Accesses} student=${student.id} />
    </div>
    ${isExplained &&
    html`<${Explanation} student=${student} version=${version} close=${() => setExplained(false)} />`}
  </section>`;
}

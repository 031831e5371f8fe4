// The courses, each with what it brings to the overall average: bars that add up to it, one beginning where the other ends.

import { html } from '../app/view.js';
import { Badge, Empty } from '../app/components.js';
import { count, decimal, percent } from '../app/format.js';
import { t } from '../app/texts.js';

const COUNTING = ['ACTIVE', 'COMPLETED'];

/** The panel of the courses. */
export function Courses({ enrollments, average }) {
  return html`<section class="panel courses" aria-labelledby="courses">
    <h3 id="courses">${t('family.courses.title')}</h3>
    ${enrollments.length === 0
      ? html`<${Empty} title=${t('family.courses.none')} />`
      : html`<p class="soft about">${t('family.courses.about')}</p>
          <ul class="bars">
            ${placed(enrollments, average).map((row) => html`<${Course} key=${row.enrollment.id} ...${row} />`)}
            ${average !== null && html`<${Total} average=${average} />`}
          </ul>`}
  </section>`;
}

/** Where each course's bar begins and how wide it is, in percent of the place for all. */
function placed(enrollments, average) {
  // Only what is drawn is reckoned in binary fractions; what is written is as the server said it.
  const scale = 100 / Math.max(100, Number(average));
  let start = 0;
  return enrollments.map((enrollment) => {
    const width = Number(enrollment.overallShare.points ?? 0) * scale;
    start += width;
    return { enrollment, start: start - width, width };
  });
}

function Course({ enrollment: { course, status, overallShare: share }, start, width }) {
  const isCounted = COUNTING.includes(status);
  return html`<li>
    <span class="title">
      ${course.title} ${status !== 'ACTIVE' && html`<${Badge}>${t(`family.status.${status}`)}<//>`}
    </span>
    <span class="points">${share.count > 0 ? decimal(share.points) : html`<span class="soft">–</span>`}</span>
    <${Bar} start=${start} width=${width} />
    <span class="soft">${about(share, isCounted)}</span>
  </li>`;
}

function about(share, isCounted) {
  if (!isCounted) return t('family.courses.notCounted');
  if (share.count === 0) return t('family.courses.nothing');
  return t('family.courses.results', { count: share.count, n: count(share.count), weight: percent(share.weight) });
}

function Total({ average }) {
  return html`<li class="total">
    <span class="title">${t('family.courses.total')}</span>
    <span class="points">${decimal(average)}</span>
    <${Bar} start=${0} width=${Math.min(100, Number(average))} />
  </li>`;
}

function Bar({ start, width }) {
  return html`<span class="track" aria-hidden="true">
    <span class="share" style=${{ left: `${start}%`, width: `${width}%` }}></span>
  </span>`;
}

// A child at a glance.

import { html, useRef } from '../app/view.js';
import { Ago, Badge, Skeleton } from '../app/components.js';
import { count, percent } from '../app/format.js';
import { t } from '../app/texts.js';
import { addressOf, choose } from './address.js';
import { Trend } from './trend.js';

/** The card of a child. It leads to the child's record. */
export function Card({ profile, isChosen, isOnly }) {
  const { student, version, overallAverageScore: average } = profile;
  const firstVersion = useRef(version);
  const link = html`<a
    href=${addressOf(student.id)}
    aria-current=${isChosen ? 'true' : undefined}
    onClick=${(event) => choose(event, student.id)}
    >${student.displayName}</a
  >`;
  return html`<article class="card panel ${isChosen && !isOnly ? 'chosen' : ''}" data-student=${student.id}>
    <header>
      <h2>${isOnly ? student.displayName : link}</h2>
      <${Freshness} profile=${profile} />
    </header>
    ${average === null
      ? html`<div class="nothing">
          <p class="title">${t('family.nothing.title')}</p>
          <p class="soft">${t('family.nothing.text')}</p>
        </div>`
      : html`<p class="at-a-glance">
          <span class="value ${version === firstVersion.current ? '' : 'arrived'}" key=${version}>${percent(average)}</span>
          <span class="soft">${t('family.overall')}</span>
        </p>`}
    <dl class="parts">
      <${Part}
        kind="quizzes"
        average=${profile.overallQuizAverageScore}
        total=${profile.totalQuizzesCompleted}
      />
      <${Part}
        kind="assignments"
        average=${profile.overallAssignmentAverageScore}
        total=${profile.totalAssignmentsCompleted}
      />
    </dl>
    <${Trend} trend=${profile.trend} />
  </article>`;
}

/** Keeps the place of a card. */
export function CardSkeleton() {
  return html`<article class="card panel" aria-hidden="true"><${Skeleton} lines=${7} /></article>`;
}

function Freshness({ profile: { isStale, lastPerformanceUpdate: at } }) {
  if (isStale) return html`<${Badge} tone="busy">${t('family.updating')}<//>`;
  if (at === null) return html`<p class="soft fresh">${t('family.neverUpdated')}</p>`;
  return html`<p class="soft fresh">${t('family.updated')} <${Ago} at=${at} /></p>`;
}

function Part({ kind, average, total }) {
  return html`<div class="part ${kind}">
    <dt>${t(`family.${kind}.title`)}</dt>
    <dd class=${average === null ? 'none' : 'average'}>${average === null ? t('family.noneYet') : percent(average)}</dd>
    <dd class="soft">${t(`family.${kind}.completed`, { count: total, n: count(total) })}</dd>
  </div>`;
}

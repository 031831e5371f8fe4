// What happened lately, and what has become of it.

import { html, useEffect, useState } from '../app/view.js';
import { Ago, Badge, Empty, ProblemBox } from '../app/components.js';
import { percent } from '../app/format.js';
import { t } from '../app/texts.js';
import { moreActivity } from './data.js';

const TONES = { AWAITING_GRADING: 'warn', NOT_HANDED_IN: 'bad' };

/** The panel of recent activity; `first` are the first items, which come with the record. */
export function Activity({ student, first }) {
  const [{ nodes, pageInfo }, setShown] = useState(first);
  const [problem, setProblem] = useState();
  // When something has happened, the list begins anew: its pages may have shifted.
  useEffect(() => setShown(first), [first]);
  const more = async () => {
    try {
      const next = await moreActivity(student, pageInfo.endCursor);
      setShown({ nodes: [...nodes, ...next.nodes], pageInfo: next.pageInfo });
      setProblem();
    } catch (problem) {
      setProblem(problem);
    }
  };
  return html`<section class="panel activity" aria-labelledby="activity">
    <h3 id="activity">${t('family.activity.title')}</h3>
    ${nodes.length === 0
      ? html`<${Empty} title=${t('family.activity.none')} />`
      : html`<${Items} items=${nodes} />`}
    ${problem && html`<${ProblemBox} problem=${problem} />`}
    ${pageInfo.hasNextPage && html`<button class="quiet small" onClick=${more}>${t('common.more')}</button>`}
  </section>`;
}

/** A list of items: what, where and when, and what has become of each; with `isWhy`, why each does not count. */
export function Items({ items, isWhy }) {
  return html`<ul class="items">
    ${items.map((item) => html`<${Item} key=${item.id} item=${item} isWhy=${isWhy} />`)}
  </ul>`;
}

function Item({ item, isWhy }) {
  const { kind, title, course, at, score, state, leftOut } = item;
  return html`<li data-state=${state}>
    <span class="title">${title}</span>
    <span class="result">
      ${score !== null && html`<span class=${leftOut ? 'soft' : 'score'}>${percent(score)}</span>`}
      <${isWhy ? Why : State} ...${item} />
    </span>
    <span class="about">${t(`family.kind.${kind}`)} · ${course.title}${at && html` · <${Ago} at=${at} />`}</span>
  </li>`;
}

/** A score that counts speaks for itself. */
function State({ state, leftOut }) {
  if (state !== 'SCORED') return html`<${Badge} tone=${TONES[state]}>${t(`family.state.${state}`)}<//>`;
  return leftOut && html`<${Why} leftOut=${leftOut} />`;
}

function Why({ leftOut }) {
  return html`<${Badge}>${t(`family.leftOut.${leftOut}`)}<//>`;
}

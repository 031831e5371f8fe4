// Profiles that are not what the facts say: stale ones, which is nothing unusual, and drifted ones, which is.

import { html } from '../app/view.js';
import { Empty, ProblemBox } from '../app/components.js';
import { count, NONE } from '../app/format.js';
import { t } from '../app/texts.js';
import { useAction, usePages, useAnswer } from './data.js';
import { Figures, listOf, Page, Panel, StudentLink, When } from './parts.js';
import { Rows, RowsToCome } from './rows.js';
import { recalculate } from './selection.js';

const DRIFT = `query($first: Int) {
  aggregateDrift(first: $first) {
    totalCount
    nodes { student { id sourcedId displayName } foundAt differences { enrollmentId field stored computed } }
    pageInfo { hasNextPage }
  }
}`;
const STALE = '{ queue { staleProfiles } }';
const EVERY = 5;

export function Drift() {
  const stale = useAnswer(STALE, {}, { every: EVERY });
  const answer = usePages(DRIFT, {}, (data) => data.aggregateDrift, { every: EVERY, size: 50 });
  const action = useAction(async () => {
    await recalculate(answer.nodes.map(({ student }) => student.id));
    answer.reload();
  });
  const number = (value) => (value === undefined ? '…' : count(value));
  const drifted = answer.data?.aggregateDrift.totalCount;
  const figures = [
    {
      label: t('admin.figures.stale'),
      value: number(stale.data?.queue.staleProfiles),
      href: listOf({ stale: 'yes', order: 'STALE_SINCE' }),
    },
    { label: t('admin.figures.drifted'), value: number(drifted), tone: drifted ? 'bad' : '' },
  ];
  const button = answer.nodes?.length > 0 && html`<button class="small" disabled=${action.isRunning} onClick=${() => action.run()}>
    ${t('admin.drift.recalculate')}
  </button>`;
  return html`<${Page} title=${t('admin.parts.drift')} note=${t('admin.drift.about')}>
    <section class="panel"><${Figures} figures=${figures} /><p class="soft">${t('admin.drift.aboutStale')}</p></section>
    <${Panel} title=${t('admin.drift.title')} aside=${button}>
      ${action.problem && html`<${ProblemBox} problem=${action.problem} />`}
      <${List} answer=${answer} />
    <//>
  <//>`;
}

function List({ answer: { nodes, problem, reload, hasMore, showMore } }) {
  if (problem && !nodes) return html`<${ProblemBox} problem=${problem} retry=${reload} />`;
  if (!nodes) return html`<${RowsToCome} rows=${3} />`;
  if (!nodes.length) return html`<${Empty} title=${t('admin.drift.none')}>${t('admin.drift.aboutNone')}<//>`;
  const columns = [
    { label: t('admin.columns.student'), isHeading: true, cell: ({ student }) => html`<${StudentLink} student=${student} />` },
    { label: t('admin.columns.found'), cell: ({ foundAt }) => html`<${When} at=${foundAt} />` },
    { label: t('admin.columns.differences'), cell: ({ differences }) => html`<${Differences} of=${differences} />` },
  ];
  return html`
    <${Rows} caption=${t('admin.drift.title')} columns=${columns} rows=${nodes} keyOf=${({ student }) => student.id} />
    ${hasMore && html`<p><button class="small quiet" onClick=${showMore}>${t('common.more')}</button></p>`}
  `;
}

function Differences({ of }) {
  return html`<ul class="differences">
    ${of.map(
      ({ enrollmentId, field, stored, computed }) => html`<li>
        <strong>${t(`admin.drift.fields.${field}`)}</strong>
        ${enrollmentId && html` <span class="id">${t('admin.drift.inEnrollment')}</span>`}
        ${` ${t('admin.drift.difference', { stored: stored ?? NONE, computed: computed ?? NONE })}`}
      </li>`,
    )}
  </ul>`;
}

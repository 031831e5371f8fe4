// The backfills: those that there were, and a new one.

import { html, useState } from '../app/view.js';
import { Badge, Empty, ProblemBox } from '../app/components.js';
import { count } from '../app/format.js';
import { ask } from '../app/graphql.js';
import { t } from '../app/texts.js';
import { Bar, inScope, RUN_FIELDS, RunBadge } from './backfill-words.js';
import { useAction, usePages } from './data.js';
import { Page, Panel, students, When } from './parts.js';
import { go, usePlace } from './router.js';
import { Rows, RowsToCome } from './rows.js';
import { useSelection } from './selection.js';

const RUNS = `query($first: Int) {
  backfillRuns(first: $first) { nodes { ${RUN_FIELDS} } pageInfo { hasNextPage } }
}`;
const START = `mutation($input: BackfillStudentAggregatesInput!) {
  backfillStudentAggregates(input: $input) { id }
}`;
const EVERY = 3;
const SCOPES = ['ALL', 'STALE', 'COURSE', 'STUDENTS'];

/** Starts a backfill, or a preview of one, and goes to it. */
export async function start(input) {
  const { backfillStudentAggregates: run } = await ask(START, { input });
  go(`/admin/backfills/${run.id}`);
}

export function Backfills() {
  return html`<${Page} title=${t('admin.parts.backfills')} note=${t('admin.aboutBackfills')}>
    <${Panel} title=${t('admin.backfill.new')}><${Form} /><//>
    <${Panel} title=${t('admin.backfill.runs')}><${Runs} /><//>
  <//>`;
}

function Form() {
  const { params } = usePlace();
  const [scope, setScope] = useState(SCOPES.includes(params.get('scope')) ? params.get('scope') : 'ALL');
  const selected = useSelection();
  const action = useAction((form, dryRun) => {
    const number = (name) => (form.elements[name].value === '' ? undefined : Number(form.elements[name].value));
    return start({
      scope,
      dryRun,
      ...(scope === 'COURSE' && { course: { sourcedId: form.elements.course.value.trim() } }),
      ...(scope === 'STUDENTS' && { students: [...selected].map((id) => ({ id })) }),
      priority: number('priority'),
      ratePerSecond: number('rate'),
    });
  });
  const send = (event) => {
    event.preventDefault();
    action.run(event.target, event.submitter?.value !== 'start');
  };
  const isNobody = scope === 'STUDENTS' && selected.size === 0;
  return html`<form onSubmit=${send}>
    <fieldset class="scopes">
      <legend>${t('admin.backfill.whom')}</legend>
      ${SCOPES.map(
        (name) => html`<label class="check">
          <input type="radio" name="scope" value=${name} checked=${scope === name} onChange=${() => setScope(name)} />
          <span>${t(`admin.scopes.${name}`)}</span>
        </label>`,
      )}
    </fieldset>
    <div class="fields">
      ${scope === 'COURSE' && html`<label>${t('admin.filter.course')} <input name="course" required maxlength="255" autocapitalize="off" /></label>`}
      ${scope === 'STUDENTS' &&
      html`<p class="chosen">
        ${isNobody ? t('admin.backfill.nobody') : t('admin.selected', { students: students(selected.size) })}
        ${' '}<a href="/admin/students">${t('admin.backfill.toList')}</a>
      </p>`}
      <label>${t('admin.backfill.priority')}
        <input name="priority" type="number" min="0" max="100" value="10" aria-describedby="about-priority" />
        <small id="about-priority">${t('admin.backfill.aboutPriority')}</small>
      </label>
      <label>${t('admin.backfill.rate')}
        <input name="rate" type="number" min="1" max="1000000" aria-describedby="about-rate" />
        <small id="about-rate">${t('admin.backfill.aboutRate')}</small>
      </label>
    </div>
    ${action.problem && html`<${StartProblem} problem=${action.problem} />`}
    <div class="ways">
      <button class="quiet" value="preview" disabled=${action.isRunning || isNobody}>${t('admin.backfill.preview')}</button>
      <button value="start" disabled=${action.isRunning || isNobody}>${t('admin.backfill.start')}</button>
    </div>
  </form>`;
}

function StartProblem({ problem }) {
  if (problem.code !== 'NOT_FOUND') return html`<${ProblemBox} problem=${problem} />`;
  return html`<div class="problem" role="alert"><p>${t('admin.noCourse.title')}</p></div>`;
}

function Runs() {
  const answer = usePages(RUNS, {}, (data) => data.backfillRuns, { every: EVERY });
  const { nodes, problem } = answer;
  if (problem && !nodes) return html`<${ProblemBox} problem=${problem} retry=${answer.reload} />`;
  if (!nodes) return html`<${RowsToCome} rows=${4} />`;
  if (!nodes.length) return html`<${Empty} title=${t('admin.backfill.none')} />`;
  const columns = [
    {
      label: t('admin.columns.backfill'),
      isHeading: true,
      cell: (run) => html`<a href="/admin/backfills/${run.id}">${inScope(run)}</a>
        ${run.dryRun && html` <${Badge}>${t('admin.backfill.dryRun')}<//>`}`,
    },
    { label: t('admin.columns.state'), cell: (run) => html`<${RunBadge} run=${run} />` },
    { label: t('admin.columns.progress'), cell: (run) => html`<${Bar} run=${run} />` },
    { label: t('admin.columns.changed'), isNumber: true, cell: ({ changed }) => count(changed) },
    { label: t('admin.columns.failed'), isNumber: true, cell: ({ failed }) => count(failed) },
    { label: t('admin.columns.started'), cell: ({ startedAt }) => html`<${When} at=${startedAt} />` },
    { label: t('admin.columns.by'), field: 'requestedBy' },
  ];
  return html`
    ${problem && html`<${ProblemBox} problem=${problem} retry=${answer.reload} />`}
    <${Rows} caption=${t('admin.backfill.runs')} columns=${columns} rows=${nodes} keyOf=${({ id }) => id} />
    ${answer.hasMore && html`<p><button class="small quiet" onClick=${answer.showMore}>${t('common.more')}</button></p>`}
  `;
}

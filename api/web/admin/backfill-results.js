// What a backfill has changed, or in a preview would change, and whom it could not recalculate.

import { html, useEffect } from '../app/view.js';
import { Badge, Empty, ProblemBox } from '../app/components.js';
import { count, percent } from '../app/format.js';
import { t } from '../app/texts.js';
import { isUnderWay } from './backfill-words.js';
import { usePages } from './data.js';
import { Panel, StudentLink } from './parts.js';
import { Rows, RowsToCome } from './rows.js';

const FIVE = `totalQuizzesCompleted totalAssignmentsCompleted overallQuizAverageScore overallAssignmentAverageScore
  overallAverageScore`;
const CHANGES = `query($id: ID!, $first: Int) {
  backfillRun(id: $id) {
    changesCsv
    changes(first: $first) {
      nodes { student { id sourcedId displayName } isStale enrollments before { ${FIVE} } after { ${FIVE} } }
      pageInfo { hasNextPage }
    }
  }
}`;
const FAILURES = `query($id: ID!, $first: Int) {
  backfillRun(id: $id) {
    failures(first: $first) { nodes { student { id sourcedId displayName } error attempts } pageInfo { hasNextPage } }
  }
}`;
/** While a run goes on, its results are asked for again after so many seconds. */
const EVERY = 2;

/** A list of a run's results, which is asked for again while the run goes on, and once when it has ended. */
function useResults(query, run, name) {
  const isGoing = isUnderWay(run);
  const answer = usePages(query, { id: run.id }, (data) => data.backfillRun?.[name], { every: isGoing ? EVERY : undefined });
  useEffect(() => answer.reload(), [isGoing]);
  return answer;
}

export function Changes({ run }) {
  const answer = useResults(CHANGES, run, 'changes');
  const csv = run.changed > 0 && html`<a class="button small quiet" href=${answer.data?.backfillRun?.changesCsv} download>
    ${t('admin.backfill.csv')}
  </a>`;
  const title = run.dryRun ? t('admin.backfill.wouldChange') : t('admin.backfill.changes');
  return html`<${Panel} title=${title} aside=${csv}>
    <${List} answer=${answer} empty=${emptyText(run)} title=${title} columns=${changeColumns()} className="changes" />
  <//>`;
}

function emptyText(run) {
  if (isUnderWay(run)) return t('admin.backfill.noChangesYet');
  return run.dryRun ? t('admin.backfill.wouldChangeNothing') : t('admin.backfill.noChanges');
}

export function Failures({ run }) {
  const answer = useResults(FAILURES, run, 'failures');
  const title = t('admin.backfill.failures');
  const columns = [
    { label: t('admin.columns.student'), isHeading: true, cell: ({ student }) => html`<${StudentLink} student=${student} />` },
    { label: t('admin.columns.attempts'), isNumber: true, cell: ({ attempts }) => count(attempts) },
    { label: t('admin.columns.error'), cell: ({ error }) => html`<span class="error">${error}</span>` },
  ];
  return html`<${Panel} title=${title}>
    <${List} answer=${answer} empty=${t('admin.backfill.noFailures')} title=${title} columns=${columns} />
  <//>`;
}

function List({ answer, empty, title, columns, className }) {
  const { nodes, problem, reload, hasMore, showMore } = answer;
  if (problem) return html`<${ProblemBox} problem=${problem} retry=${reload} />`;
  if (!nodes) return html`<${RowsToCome} rows=${3} />`;
  if (!nodes.length) return html`<${Empty} title=${empty} />`;
  return html`
    <${Rows} caption=${title} columns=${columns} rows=${nodes} className=${className}
      keyOf=${(row) => row.student?.id ?? nodes.indexOf(row)} />
    ${hasMore && html`<p><button class="small quiet" onClick=${showMore}>${t('common.more')}</button></p>`}
  `;
}

function changeColumns() {
  const figure = (field, label, format) => ({
    label: t(`admin.columns.${label}`),
    isNumber: true,
    cell: ({ before, after }) => html`<${Change} before=${format(before[field])} after=${format(after[field])} />`,
  });
  return [
    {
      label: t('admin.columns.student'),
      isHeading: true,
      cell: (row) => html`<${StudentLink} student=${row.student} /> <${Notes} of=${row} />`,
    },
    figure('totalQuizzesCompleted', 'quizzes', count),
    figure('overallQuizAverageScore', 'quizAverage', percent),
    figure('totalAssignmentsCompleted', 'assignments', count),
    figure('overallAssignmentAverageScore', 'assignmentAverage', percent),
    figure('overallAverageScore', 'overallAverage', percent),
  ];
}

function Notes({ of: { isStale, enrollments } }) {
  return html`
    ${isStale && html`<${Badge} tone="warn">${t('admin.wasStale')}<//>`}
    ${enrollments > 0 && html`<small class="soft">${t('admin.enrollmentsToo', { count: enrollments, n: count(enrollments) })}</small>`}
  `;
}

/** A figure before and after; once, if it is the same. */
function Change({ before, after }) {
  if (before === after) return html`<span class="soft">${after}</span>`;
  return html`<del><span class="unseen">${t('admin.before')} </span>${before}</del>
    <span aria-hidden="true"> → </span>
    <ins><span class="unseen">${t('admin.after')} </span>${after}</ins>`;
}

// What a student has done, and how the numbers came about.

import { html, useEffect, useState } from '../app/view.js';
import { Badge, Empty, ProblemBox } from '../app/components.js';
import { count, date, day, percent, shortDay, time } from '../app/format.js';
import { t } from '../app/texts.js';
import { useAnswer, usePages } from './data.js';
import { Average, Panel } from './parts.js';
import { Rows, RowsToCome } from './rows.js';

const ACTIVITY = `query($id: ID!, $first: Int) {
  recentActivity(studentId: $id, first: $first) {
    nodes { id kind title course { title } at score state leftOut }
    pageInfo { hasNextPage }
  }
}`;
const WEEKS = `query($id: ID!, $from: Date) {
  weeklyPerformance(studentId: $id, from: $from) {
    week monday quizzesCompleted averageQuizScore assignmentsCompleted averageAssignmentScore averageScore
  }
}`;
const HISTORY = `query($id: ID!, $from: DateTime, $every: HistoryInterval) {
  performanceHistory(studentId: $id, from: $from, every: $every, first: 100) {
    nodes {
      version takenAt period cause totalQuizzesCompleted totalAssignmentsCompleted
      overallQuizAverageScore overallAssignmentAverageScore overallAverageScore
    }
  }
}`;

const DAY = 86_400_000;

/** Asks anew when the student's numbers have another version. */
function useFresh(answer, version) {
  useEffect(() => {
    if (version !== undefined && answer.data) answer.reload();
  }, [version]);
  return answer;
}

/** A sheet with a list that is on its way, is empty, or is there. */
function Sheet({ title, aside, answer, rows, rowsToCome, empty, children, className }) {
  return html`<${Panel} title=${title} aside=${aside} className=${className}>
    ${answer.problem && html`<${ProblemBox} problem=${answer.problem} retry=${answer.reload} />`}
    ${!rows && !answer.problem && html`<${RowsToCome} rows=${rowsToCome} />`}
    ${rows && !rows.length && html`<${Empty} title=${empty} />`}
    ${rows?.length > 0 && children}
  <//>`;
}

/** Reasons to be left out that an item's state does not tell already. */
const isOfEnrollment = (leftOut) => leftOut === 'NOT_ENROLLED' || leftOut?.startsWith('ENROLLMENT_');

const STATE_TONES = { SCORED: 'good', NOT_HANDED_IN: 'warn', VOIDED: 'bad' };

export function Activity({ id, version }) {
  const answer = useFresh(usePages(ACTIVITY, { id }, (data) => data.recentActivity, { size: 10 }), version);
  const columns = [
    {
      label: t('admin.columns.item'),
      isHeading: true,
      cell: (item) => html`${item.title} <span class="id">${item.course.title}</span>`,
    },
    { label: t('admin.columns.at'), cell: ({ at }) => html`<span class="whole" title=${time(at)}>${date(at)}</span>` },
    {
      label: t('admin.columns.state'),
      cell: ({ state, leftOut }) => html`<${Badge} tone=${STATE_TONES[state] ?? 'plain'}>${t(`admin.states.${state}`)}<//>
        ${isOfEnrollment(leftOut) && html` <small class="soft">${t(`admin.leftOut.${leftOut}`)}</small>`}`,
    },
    { label: t('admin.columns.score'), isNumber: true, cell: (item) => html`<${Score} of=${item} />` },
  ];
  return html`<${Sheet} title=${t('admin.activity')} answer=${answer} rows=${answer.nodes} rowsToCome=${10} empty=${t('admin.noActivity')}>
    <${Rows} caption=${t('admin.activity')} columns=${columns} rows=${answer.nodes} keyOf=${(item) => item.id} />
    ${answer.hasMore && html`<p><button class="small quiet" onClick=${answer.showMore}>${t('common.more')}</button></p>`}
  <//>`;
}

/** A score, which is provisional until the item is done. */
function Score({ of: { score, state } }) {
  if (score === null || state === 'SCORED') return percent(score);
  return html`<span class="soft">${percent(score)} <small>${t('admin.provisional')}</small></span>`;
}

const WEEKS_SHOWN = 12;

export function Weeks({ id, version }) {
  const [from] = useState(() => new Date(Date.now() - WEEKS_SHOWN * 7 * DAY).toISOString().slice(0, 10));
  const answer = useFresh(useAnswer(WEEKS, { id, from }), version);
  const rows = answer.data && (answer.data.weeklyPerformance ?? []).toReversed();
  const columns = [
    { label: t('admin.columns.week'), isHeading: true, cell: ({ monday }) => shortDay(monday) },
    { label: t('admin.columns.quizzes'), isNumber: true, cell: (row) => count(row.quizzesCompleted) },
    { label: t('admin.columns.quizAverage'), isNumber: true, cell: (row) => percent(row.averageQuizScore) },
    { label: t('admin.columns.assignments'), isNumber: true, cell: (row) => count(row.assignmentsCompleted) },
    { label: t('admin.columns.assignmentAverage'), isNumber: true, cell: (row) => percent(row.averageAssignmentScore) },
    { label: t('admin.columns.overallAverage'), isNumber: true, cell: (row) => percent(row.averageScore) },
  ];
  return html`<${Sheet} title=${t('admin.weeks')} answer=${answer} rows=${rows} rowsToCome=${WEEKS_SHOWN} empty=${t('admin.noWeeks')}>
    <${Rows} caption=${t('admin.weeks')} columns=${columns} rows=${rows} keyOf=${({ week }) => week} />
  <//>`;
}

/** For how many days back each fineness is asked: no more rows than one answer has. */
const INTERVALS = { EVENT: 30, DAY: 90, WEEK: 600, MONTH: 3000 };

export function History({ id, version }) {
  const [every, setEvery] = useState('DAY');
  const [now] = useState(Date.now);
  const from = new Date(now - INTERVALS[every] * DAY).toISOString();
  const answer = useFresh(useAnswer(HISTORY, { id, from, every }), version);
  const rows = answer.data && (answer.data.performanceHistory?.nodes ?? []).toReversed();
  const choice = html`<label class="inline">${t('admin.every')}
    <select value=${every} onChange=${(event) => setEvery(event.target.value)}>
      ${Object.keys(INTERVALS).map((name) => html`<option value=${name}>${t(`admin.intervals.${name}`)}</option>`)}
    </select>
  </label>`;
  const columns = [
    { label: t('admin.columns.takenAt'), isHeading: true, cell: (row) => (every === 'EVENT' ? time(row.takenAt) : day(row.period)) },
    { label: t('admin.columns.quizzes'), isNumber: true, cell: (row) => count(row.totalQuizzesCompleted) },
    { label: t('admin.columns.quizAverage'), isNumber: true, cell: (row) => html`<${Average} of=${row.overallQuizAverageScore} />` },
    { label: t('admin.columns.assignments'), isNumber: true, cell: (row) => count(row.totalAssignmentsCompleted) },
    {
      label: t('admin.columns.assignmentAverage'),
      isNumber: true,
      cell: (row) => html`<${Average} of=${row.overallAssignmentAverageScore} />`,
    },
    { label: t('admin.columns.overallAverage'), isNumber: true, cell: (row) => html`<${Average} of=${row.overallAverageScore} />` },
    { label: t('admin.columns.cause'), cell: ({ cause }) => t(`admin.causes.${cause}`) },
  ];
  return html`<${Sheet} title=${t('admin.history')} aside=${choice} answer=${answer} rows=${rows} rowsToCome=${5} empty=${t('admin.noHistory')}
      className="span">
    <${Rows} caption=${t('admin.history')} columns=${columns} rows=${rows} keyOf=${(row) => row.version} className="tall" />
  <//>`;
}

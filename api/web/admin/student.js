// A student's record.

import { html, useEffect, useState } from '../app/view.js';
import { Badge, Empty, ProblemBox } from '../app/components.js';
import { count, decimal, NONE, percent, signed, time } from '../app/format.js';
import { follow, onReturn } from '../app/live.js';
import { t } from '../app/texts.js';
import { accessesTo } from './access-log.js';
import { useAction, useAnswer } from './data.js';
import { GuardiansOf } from './guardians.js';
import { JobsOf } from './jobs.js';
import { Average, Freshness, Page, Panel, When } from './parts.js';
import { Rows, RowsToCome } from './rows.js';
import { recalculate } from './selection.js';
import { Activity, History, Weeks } from './student-past.js';

const SIX = `totalQuizzesCompleted totalAssignmentsCompleted overallQuizAverageScore overallAssignmentAverageScore
  overallAverageScore lastPerformanceUpdate version isStale staleSince`;

const RECORD = `query($id: ID!) {
  studentProfile(id: $id) {
    student { id sourcedId displayName } ${SIX}
    enrollments {
      id status course { title sourcedId }
      totalQuizzesTaken averageQuizScore totalAssignmentsCompleted averageAssignmentScore
      overallShare { points weight }
    }
    trend { direction slope { pointsPerWeek } itemCount }
  }
  explain(studentId: $id) { leftOutCounts { reason count } }
}`;
const FOLLOW = `subscription($id: ID!) { performanceUpdated(studentId: $id) { ${SIX} } }`;

export function Student({ id }) {
  const { data, problem, reload } = useAnswer(RECORD, { id });
  const latest = useLatest(id, reload);
  const recalculating = useAction(() => recalculate([id]));
  const record = data?.studentProfile;
  // An id that is none is no different from one that nobody has.
  if ((data && !record) || problem?.code === 'BAD_USER_INPUT') return html`<${Gone} />`;
  if (problem && !record) {
    return html`<${Page} title=${t('admin.record')}><${ProblemBox} problem=${problem} retry=${reload} /><//>`;
  }
  const profile = latest && latest.version >= (record?.version ?? 0) ? latest : record;
  const actions = html`<a class="button quiet" href=${accessesTo(id)}>${t('admin.accesses.ofRecord')}</a>
  <button disabled=${recalculating.isRunning} onClick=${() => recalculating.run()}>
    ${t('admin.recalculate')}
  </button>`;
  return html`<${Page} title=${record?.student.displayName ?? t('admin.record')} note=${record?.student.sourcedId ?? ' '}
      actions=${actions}>
    ${(problem ?? recalculating.problem) && html`<${ProblemBox} problem=${problem ?? recalculating.problem} />`}
    <section class="panel"><${Aggregates} profile=${profile} /></section>
    ${record ? html`<${Rest} id=${id} data=${data} version=${profile.version} />` : html`<${RowsToCome} rows=${20} />`}
  <//>`;
}

/** What stands below the aggregates. */
function Rest({ id, data: { studentProfile, explain }, version }) {
  return html`<div class="columns">
    <${Panel} title=${t('admin.courses')} className="span">
      <${Courses} enrollments=${studentProfile.enrollments} />
      <${Trend} trend=${studentProfile.trend} />
      <${LeftOut} counts=${explain?.leftOutCounts ?? []} />
    <//>
    <${Activity} id=${id} version=${version} />
    <${Weeks} id=${id} version=${version} />
    <${History} id=${id} version=${version} />
    <${JobsOf} id=${id} version=${version} />
    <${GuardiansOf} student=${{ id }} />
  </div>`;
}

function Gone() {
  return html`<${Page} title=${t('admin.noStudent.title')}>
    <${Empty} title=${t('admin.noStudent.text')}><a href="/admin/students">${t('admin.noStudent.back')}</a><//>
  <//>`;
}

/** The aggregates as they change; `changed` is called when they are others than at first. */
function useLatest(id, changed) {
  const [latest, setLatest] = useState();
  useEffect(() => {
    let version;
    const next = ({ performanceUpdated }) => {
      setLatest(performanceUpdated);
      if (version !== undefined && version !== performanceUpdated.version) changed();
      version = performanceUpdated.version;
    };
    const stops = [follow(FOLLOW, { id }, { next, error: changed }), onReturn(changed)];
    return () => stops.forEach((stop) => stop());
  }, [id, changed]);
  return latest;
}

/** The six fields. Nobody can write them: they follow from the facts. */
function Aggregates({ profile }) {
  const fields = [
    ['totalQuizzesCompleted', count],
    ['totalAssignmentsCompleted', count],
    ['overallQuizAverageScore', percent],
    ['overallAssignmentAverageScore', percent],
    ['overallAverageScore', percent],
    ['lastPerformanceUpdate', time],
  ];
  const isEmpty = profile && profile.totalQuizzesCompleted + profile.totalAssignmentsCompleted === 0;
  return html`<fieldset class="aggregates" aria-describedby="about-aggregates">
    <legend>${t('admin.aggregates.title')}</legend>
    <div class="fields">
      ${fields.map(
        ([field, format]) => html`<label>
          ${t(`admin.aggregates.${field}`)}
          <input readonly name=${field} value=${profile ? format(profile[field]) : '…'} />
        </label>`,
      )}
    </div>
    <p class="soft" id="about-aggregates">
      ${profile ? html`<${Freshness} profile=${profile} />` : html`<${Badge}>…<//>`}
      ${' '}${profile?.isStale && html`<${When} at=${profile.staleSince} />${'. '}`}
      ${t('admin.aggregates.about', { version: profile ? count(profile.version) : '…' })}
      ${isEmpty ? ` ${t('admin.nothingCounts')}.` : ''}
    </p>
  </fieldset>`;
}

const STATUS_TONES = { ACTIVE: 'good', COMPLETED: 'plain' };

function Courses({ enrollments }) {
  if (!enrollments.length) return html`<${Empty} title=${t('admin.noCourses')} />`;
  const columns = [
    {
      label: t('admin.columns.course'),
      isHeading: true,
      cell: ({ course }) => html`${course.title} <span class="id">${course.sourcedId}</span>`,
    },
    {
      label: t('admin.columns.status'),
      cell: ({ status }) => html`<${Badge} tone=${STATUS_TONES[status] ?? 'warn'}>${t(`admin.statuses.${status}`)}<//>`,
    },
    { label: t('admin.columns.quizzes'), isNumber: true, cell: (row) => count(row.totalQuizzesTaken) },
    { label: t('admin.columns.quizAverage'), isNumber: true, cell: (row) => html`<${Average} of=${row.averageQuizScore} />` },
    { label: t('admin.columns.assignments'), isNumber: true, cell: (row) => count(row.totalAssignmentsCompleted) },
    {
      label: t('admin.columns.assignmentAverage'),
      isNumber: true,
      cell: (row) => html`<${Average} of=${row.averageAssignmentScore} />`,
    },
    { label: t('admin.columns.points'), isNumber: true, cell: ({ overallShare }) => decimal(overallShare.points) },
    {
      label: t('admin.columns.weight'),
      isNumber: true,
      cell: ({ overallShare }) => (overallShare.weight === null ? NONE : percent(overallShare.weight)),
    },
  ];
  return html`<${Rows} caption=${t('admin.courses')} columns=${columns} rows=${enrollments} keyOf=${({ id }) => id} />`;
}

function Trend({ trend: { direction, slope, itemCount } }) {
  return html`<p class="soft">
    ${t(`admin.trend.${direction}`, { count: itemCount, n: count(itemCount), points: signed(slope?.pointsPerWeek) })}
  </p>`;
}

function LeftOut({ counts }) {
  const listed = counts.map(({ reason, count: number }) => `${count(number)} ${t(`admin.leftOut.${reason}`)}`);
  return listed.length > 0 && html`<p class="soft">${t('admin.leftOut.title')} ${listed.join(', ')}.</p>`;
}

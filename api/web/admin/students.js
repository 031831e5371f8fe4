// The list of students.

import { html } from '../app/view.js';
import { Empty, ProblemBox } from '../app/components.js';
import { count } from '../app/format.js';
import { t } from '../app/texts.js';
import { useAnswer } from './data.js';
import { Average, Freshness, Page, Pager, students, StudentLink, When } from './parts.js';
import { here, usePlace } from './router.js';
import { Rows, RowsToCome } from './rows.js';
import { select, SelectionBar, useSelection } from './selection.js';
import { filterOf, ORDERS, StudentFilter } from './student-filter.js';

const SIZE = 25;
/** Seconds after which the page of the list is asked for again. */
const EVERY = 5;

const STUDENTS = `query($filter: StudentFilter, $orderBy: StudentOrder,
    $first: Int, $after: String, $last: Int, $before: String) {
  students(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    nodes {
      id sourcedId displayName
      profile {
        totalQuizzesCompleted totalAssignmentsCompleted overallQuizAverageScore overallAssignmentAverageScore
        overallAverageScore lastPerformanceUpdate isStale
      }
    }
    pageInfo { hasPreviousPage hasNextPage startCursor endCursor }
  }
}`;
const TOTAL = 'query($filter: StudentFilter) { students(filter: $filter, first: 1) { totalCount } }';

export function Students() {
  const { params } = usePlace();
  const listing = { filter: filterOf(params), orderBy: orderOf(params) };
  const { data, problem, isLoading, reload } = useAnswer(STUDENTS, { ...listing, ...sliceOf(params) }, { every: EVERY });
  const total = useAnswer(TOTAL, { filter: listing.filter }).data?.students.totalCount;
  const nodes = data?.students.nodes;
  return html`<${Page} title=${t('admin.parts.students')}>
    <${StudentFilter} />
    ${problem && html`<${Problem} problem=${problem} retry=${reload} />`}
    <section class="panel list">
      <${SelectionBar} listing=${listing} total=${total ?? 0} onDone=${reload}>
        <${CheckPage} nodes=${nodes ?? []} />
      <//>
      ${nodes ? html`<${List} nodes=${nodes} order=${listing.orderBy} isBusy=${isLoading} />` : !problem && html`<${RowsToCome} rows=${SIZE} />`}
      ${nodes && html`<${Pager} pageInfo=${data.students.pageInfo} total=${total === undefined ? '' : students(total)} />`}
    </section>
  <//>`;
}

/** A filter that names a course that is not there lets nobody through, and is worth a word. */
function Problem({ problem, retry }) {
  if (problem.code !== 'NOT_FOUND') return html`<${ProblemBox} problem=${problem} retry=${retry} />`;
  return html`<${Empty} title=${t('admin.noCourse.title')}>${t('admin.noCourse.text')}<//>`;
}

function List({ nodes, order, isBusy }) {
  const selected = useSelection();
  if (!nodes.length) return html`<${Empty} title=${t('admin.noStudents.title')}>${t('admin.noStudents.text')}<//>`;
  const number = (field, label) => ({
    label: t(`admin.columns.${label}`),
    isNumber: true,
    sort: sort(order, ORDERS_OF[field]),
    cell: ({ profile }) => (field.startsWith('total') ? count(profile[field]) : html`<${Average} of=${profile[field]} />`),
  });
  const columns = [
    {
      label: t('admin.columns.selected'),
      isLabelHidden: true,
      cell: (student) => html`<${Check} student=${student} selected=${selected} />`,
    },
    {
      label: t('admin.columns.student'),
      isHeading: true,
      sort: sort(order, 'NAME'),
      cell: (student) => html`<${StudentLink} student=${student} />`,
    },
    number('totalQuizzesCompleted', 'quizzes'),
    number('overallQuizAverageScore', 'quizAverage'),
    number('totalAssignmentsCompleted', 'assignments'),
    number('overallAssignmentAverageScore', 'assignmentAverage'),
    number('overallAverageScore', 'overallAverage'),
    {
      label: t('admin.columns.updated'),
      sort: sort(order, 'LAST_PERFORMANCE_UPDATE'),
      cell: ({ profile }) => html`<${When} at=${profile.lastPerformanceUpdate} />`,
    },
    {
      label: t('admin.columns.state'),
      sort: sort(order, 'STALE_SINCE'),
      cell: ({ profile }) => html`<${Freshness} profile=${profile} />`,
    },
  ];
  return html`<${Rows} caption=${t('admin.parts.students')} className="students" columns=${columns} rows=${nodes}
    keyOf=${({ id }) => id} isBusy=${isBusy} />`;
}

/** The box of one student. */
function Check({ student: { id, displayName }, selected }) {
  return html`<label class="check">
    <input type="checkbox" checked=${selected.has(id)} onChange=${(event) => select([id], event.target.checked)} />
    <span class="unseen">${t('admin.select', { label: displayName })}</span>
  </label>`;
}

/** The box of all students of the page. */
function CheckPage({ nodes }) {
  const selected = useSelection();
  const ids = nodes.map(({ id }) => id);
  const isChecked = ids.length > 0 && ids.every((id) => selected.has(id));
  return html`<label class="check">
    <input type="checkbox" name="page" checked=${isChecked} disabled=${!ids.length}
      onChange=${(event) => select(ids, event.target.checked)} />
    <span>${t('admin.selectPage')}</span>
  </label>`;
}

const ORDERS_OF = {
  totalQuizzesCompleted: 'TOTAL_QUIZZES_COMPLETED',
  totalAssignmentsCompleted: 'TOTAL_ASSIGNMENTS_COMPLETED',
  overallQuizAverageScore: 'OVERALL_QUIZ_AVERAGE_SCORE',
  overallAssignmentAverageScore: 'OVERALL_ASSIGNMENT_AVERAGE_SCORE',
  overallAverageScore: 'OVERALL_AVERAGE_SCORE',
};

/** How a column sorts the list: upwards first, and the other way round when it does so already. */
function sort(order, field) {
  const isThis = order.field === field;
  const isUp = isThis && order.direction === 'ASCENDING';
  const direction = isUp ? 'DESCENDING' : '';
  return {
    href: here({ order: field === 'NAME' ? '' : field, direction, after: '', before: '' }),
    direction: isThis ? order.direction : undefined,
  };
}

function orderOf(params) {
  const field = params.get('order');
  return {
    field: ORDERS.includes(field) ? field : 'NAME',
    direction: params.get('direction') === 'DESCENDING' ? 'DESCENDING' : 'ASCENDING',
  };
}

function sliceOf(params) {
  const [after, before] = [params.get('after'), params.get('before')];
  return before ? { last: SIZE, before } : { first: SIZE, after: after || undefined };
}

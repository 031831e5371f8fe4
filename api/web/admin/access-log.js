// Who saw or changed whose record: all of it, or what the address asks for.

import { html } from '../app/view.js';
import { Badge, Empty, ProblemBox } from '../app/components.js';
import { count, moment, NONE, time } from '../app/format.js';
import { t } from '../app/texts.js';
import { useAnswer, useList } from './data.js';
import { isDay, midnight } from './days.js';
import { FilterForm } from './filter-form.js';
import { Page, recordOf, StudentLink } from './parts.js';
import { address, here, usePlace } from './router.js';
import { Rows, RowsToCome } from './rows.js';

const PATH = '/admin/access-log';
const SIZE = 25;
const LOG = `query(
  $studentId: ID, $subject: String, $from: DateTime, $to: DateTime, $names: Boolean!, $first: Int, $after: String
) {
  accessLog(studentId: $studentId, subject: $subject, from: $from, to: $to, first: $first, after: $after) {
    nodes {
      id studentId student @include(if: $names) { id sourcedId displayName }
      role subject kind operation count firstAt lastAt
    }
    pageInfo { hasNextPage endCursor }
  }
}`;
const STUDENT = `query($id: ID, $sourcedId: String) {
  studentProfile(id: $id, sourcedId: $sourcedId) { student { id sourcedId displayName } }
}`;

/** The address of the accesses to one student's record. */
export const accessesTo = (id) => address(PATH, { student: id });

export function AccessLog() {
  const { params } = usePlace();
  const student = params.get('student');
  return html`<${Page} title=${t('admin.parts.accessLog')} note=${t('admin.accesses.about')}>
    <section class="panel">
      <${FilterForm}>
        <label class="wide">${t('admin.accesses.student')} <input name="student" maxlength="255" autocapitalize="off" /></label>
        <label class="wide">${t('admin.accesses.subject')} <input name="subject" maxlength="255" autocapitalize="off" /></label>
        <label>${t('admin.accesses.from')} <input name="from" type="date" /></label>
        <label>${t('admin.accesses.to')} <input name="to" type="date" /></label>
      <//>
      ${student ? html`<${OfOne} key=${student} named=${student} />` : html`<${OfAll} />`}
    </section>
  <//>`;
}

/** The conditions of the address beside the student. */
function conditions(params) {
  const [from, to] = ['from', 'to'].map((name) => params.get(name));
  return {
    subject: params.get('subject') || undefined,
    from: isDay(from) ? midnight(from) : undefined,
    to: isDay(to) ? midnight(to, 1) : undefined,
  };
}

/** The accesses to anybody's record. Whose names are shown is noted as an access, too: so they are shown when asked for. */
function OfAll() {
  const { params } = usePlace();
  const names = params.get('names') === 'yes';
  const [text, label] = names ? ['aboutNames', 'hideNames'] : ['aboutIds', 'showNames'];
  return html`
    <p class="above">
      <span class="soft">${t(`admin.accesses.${text}`)}</span>
      <a class="button small quiet" href=${here({ names: names ? '' : 'yes' })}>${t(`admin.accesses.${label}`)}</a>
    </p>
    <${Entries} filter=${{ ...conditions(params), names }} />
  `;
}

/** The accesses to the record of a student, who is named by either id. */
function OfOne({ named }) {
  const { params } = usePlace();
  const isOurs = named.startsWith('student:');
  const { data, problem, reload } = useAnswer(STUDENT, isOurs ? { id: named } : { sourcedId: named });
  const student = data?.studentProfile?.student;
  if (problem && problem.code !== 'BAD_USER_INPUT') return html`<${ProblemBox} problem=${problem} retry=${reload} />`;
  if (!data && !problem) return html`<p class="above">…</p><${RowsToCome} rows=${SIZE} />`;
  // The accesses to the record of a student who was deleted are kept.
  if (problem || (!student && !isOurs)) {
    return html`<${Empty} title=${t('admin.accesses.noStudent')}>${t('admin.accesses.aboutNoStudent')}<//>`;
  }
  return html`
    <p class="above"><span>${t('admin.accesses.toRecordOf')} <${StudentLink} student=${student} /></span></p>
    <${Entries} filter=${{ ...conditions(params), studentId: student?.id ?? named, names: false }} isOfOne />
  `;
}

/** The entries, the newest first. `isOfOne`: all are of one student, who need not be named. */
function Entries({ filter, isOfOne = false }) {
  const { nodes, problem, isLoading, reload, hasMore, showMore } = useList(LOG, filter, (data) => data.accessLog, SIZE);
  const box = problem && html`<${ProblemBox} problem=${problem} retry=${reload} />`;
  if (!nodes) return box ?? html`<${RowsToCome} rows=${SIZE} />`;
  if (!nodes.length) return box ?? html`<${Empty} title=${t('admin.accesses.none')}>${t('admin.accesses.aboutNone')}<//>`;
  const columns = [
    { label: t('admin.columns.who'), isHeading: true, cell: (entry) => html`<${Who} of=${entry} />` },
    ...(isOfOne ? [] : [{ label: t('admin.columns.record'), cell: (entry) => html`<${Whose} of=${entry} />` }]),
    { label: t('admin.columns.item'), cell: ({ kind }) => html`<${Badge} tone=${TONES[kind]}>${t(`admin.accesses.${kind}`)}<//>` },
    { label: t('admin.columns.operation'), cell: ({ operation }) => html`<span class="id operation">${operation}</span>` },
    { label: t('admin.columns.times'), isNumber: true, cell: (entry) => count(entry.count) },
    { label: t('admin.columns.firstAt'), cell: ({ firstAt }) => html`<${Moment} at=${firstAt} />` },
    { label: t('admin.columns.lastAt'), cell: ({ lastAt }) => html`<${Moment} at=${lastAt} />` },
  ];
  return html`
    <${Rows} caption=${t('admin.accesses.caption')} columns=${columns} rows=${nodes} keyOf=${({ id }) => id} isBusy=${isLoading} />
    ${box}
    ${hasMore && html`<p class="below"><button class="small quiet" onClick=${showMore}>${t('common.more')}</button></p>`}
  `;
}

const TONES = { READ: 'plain', CHANGED: 'warn' };

/** Whoever it was; their name leads to all that they did. */
function Who({ of: { role, subject } }) {
  return html`<a href=${here({ subject })}>${subject}</a> <span class="id">${role ? t(`admin.accesses.roles.${role}`) : NONE}</span>`;
}

/** Whose record it was: by the name if that was asked for, and else by the end of the id. */
function Whose({ of: { student, studentId } }) {
  if (student) return html`<${StudentLink} student=${student} />`;
  if (studentId === null) return html`<span class="soft">${t('admin.accesses.erased')}</span>`;
  return html`<a href=${recordOf({ id: studentId })} title=${studentId}>…${studentId.slice(-12)}</a>`;
}

function Moment({ at }) {
  return html`<time datetime=${at} title=${moment(at)}>${time(at)}</time>`;
}

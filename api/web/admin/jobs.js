// Jobs of the queue.

import { html, useEffect, useState } from '../app/view.js';
import { Badge, Dialog, Empty, ProblemBox, Skeleton } from '../app/components.js';
import { count, moment } from '../app/format.js';
import { ask } from '../app/graphql.js';
import { t } from '../app/texts.js';
import { useAction, useAnswer } from './data.js';
import { Panel, say, StudentLink, When } from './parts.js';
import { Rows, RowsToCome } from './rows.js';

const JOB = `id kind state student { id sourcedId displayName } priority attempt maxAttempts coalesced runAt enqueuedAt
  startedAt finishedAt worker lastError`;
/** A page of jobs, the newest first. */
export const JOBS = `query($state: JobState, $studentId: ID, $first: Int, $after: String) {
  jobs(state: $state, studentId: $studentId, first: $first, after: $after) {
    nodes { ${JOB} } pageInfo { hasPreviousPage hasNextPage endCursor }
  }
}`;
const FAILURES = 'query($id: ID!) { job(id: $id) { failures { attempt worker failedAt error } } }';
const RETRY = 'mutation($id: ID!) { retryJob(id: $id) { id } }';
const CANCEL = 'mutation($id: ID!) { cancelJob(id: $id) { id } }';

const TONES = { RUNNING: 'busy', COMPLETED: 'good', RETRYABLE: 'warn', DISCARDED: 'bad' };
const RETRIED = ['DISCARDED', 'CANCELLED', 'RETRYABLE'];
const CANCELLED = ['AVAILABLE', 'SCHEDULED', 'RETRYABLE'];

/** The newest jobs of one student, within the record. */
export function JobsOf({ id, version }) {
  const answer = useAnswer(JOBS, { studentId: id, first: 5 });
  useEffect(() => {
    if (version !== undefined && answer.data) answer.reload();
  }, [version]);
  return html`<${Panel} title=${t('admin.jobs.ofStudent')} className="span"><${Jobs} answer=${answer} isOfOne /><//>`;
}

/** A list of jobs. `isOfOne`: all are of one student, who need not be named. */
export function Jobs({ answer: { data, problem, isLoading, reload }, isOfOne = false, rowsToCome = 3 }) {
  const [asked, setAsked] = useState();
  const nodes = data?.jobs.nodes;
  if (problem && !nodes) return html`<${ProblemBox} problem=${problem} retry=${reload} />`;
  if (!nodes) return html`<${RowsToCome} rows=${rowsToCome} />`;
  if (!nodes.length) return html`<${Empty} title=${t('admin.jobs.none')}>${t('admin.jobs.aboutNone')}<//>`;
  const student = { label: t('admin.columns.student'), isHeading: true, cell: (job) => html`<${StudentLink} student=${job.student} />` };
  const columns = [
    ...(isOfOne ? [] : [student]),
    {
      label: t('admin.columns.state'),
      isHeading: isOfOne,
      cell: ({ state }) => html`<${Badge} tone=${TONES[state] ?? 'plain'}>${t(`admin.jobStates.${state}`)}<//>`,
    },
    { label: t('admin.columns.kind'), field: 'kind' },
    { label: t('admin.columns.priority'), isNumber: true, cell: ({ priority }) => count(priority) },
    {
      label: t('admin.columns.attempts'),
      isNumber: true,
      cell: ({ attempt, maxAttempts }) => t('admin.ofMost', { number: count(attempt), most: count(maxAttempts) }),
    },
    { label: t('admin.columns.enqueued'), cell: ({ enqueuedAt }) => html`<${When} at=${enqueuedAt} />` },
    { label: t('admin.columns.ended'), cell: ({ finishedAt }) => html`<${When} at=${finishedAt} />` },
    {
      label: t('admin.columns.error'),
      cell: (job) =>
        job.lastError !== null && html`<button class="link error" onClick=${() => setAsked(job)}>${job.lastError}</button>`,
    },
    { label: t('admin.columns.actions'), isLabelHidden: true, cell: (job) => html`<${Actions} job=${job} onDone=${reload} />` },
  ];
  return html`
    ${problem && html`<${ProblemBox} problem=${problem} retry=${reload} />`}
    <${Rows} caption=${t('admin.jobs.title')} columns=${columns} rows=${nodes} keyOf=${({ id }) => id} isBusy=${isLoading} />
    ${asked && html`<${Failures} job=${asked} close=${() => setAsked()} />`}
  `;
}

function Actions({ job, onDone }) {
  const doing = (mutation, text) => async () => {
    await ask(mutation, { id: job.id });
    say(t(text));
    onDone();
  };
  const retrying = useAction(doing(RETRY, 'admin.jobs.retried'));
  const cancelling = useAction(doing(CANCEL, 'admin.jobs.cancelled'));
  const problem = retrying.problem ?? cancelling.problem;
  const whom = { name: job.student?.displayName ?? job.id };
  return html`<div class="row-actions">
    ${RETRIED.includes(job.state) && html`<button class="small quiet" disabled=${retrying.isRunning}
      aria-label=${t('admin.jobs.retryOf', whom)} onClick=${() => retrying.run()}>${t('admin.jobs.retry')}</button>`}
    ${CANCELLED.includes(job.state) && html`<button class="small danger" disabled=${cancelling.isRunning}
      aria-label=${t('admin.jobs.cancelOf', whom)} onClick=${() => cancelling.run()}>${t('admin.jobs.cancel')}</button>`}
    ${problem && html`<${ProblemBox} problem=${problem} />`}
  </div>`;
}

/** Everything that went wrong with a job. */
function Failures({ job, close }) {
  const { data, problem, reload } = useAnswer(FAILURES, { id: job.id });
  const failures = data?.job?.failures ?? [];
  return html`<${Dialog} title=${t('admin.jobs.failures')} close=${close}>
    ${problem && html`<${ProblemBox} problem=${problem} retry=${reload} />`}
    ${!data && !problem && html`<${Skeleton} lines=${4} />`}
    <ol class="failures">
      ${failures.map(
        ({ attempt, worker, failedAt, error }) => html`<li value=${attempt}>
          <p class="soft">${moment(failedAt)} · ${worker}</p>
          <p class="error">${error}</p>
        </li>`,
      )}
    </ol>
  <//>`;
}

// The queue, its jobs and its workers, as they are now.

import { html } from '../app/view.js';
import { Badge, Empty, ProblemBox } from '../app/components.js';
import { count, NONE, span, useNow } from '../app/format.js';
import { ask } from '../app/graphql.js';
import { t } from '../app/texts.js';
import { useAction, useAnswer } from './data.js';
import { Jobs, JOBS } from './jobs.js';
import { Figures, listOf, Page, Panel, say, When } from './parts.js';
import { go, here, usePlace } from './router.js';
import { Rows, RowsToCome } from './rows.js';

/** What is asked of the queue wherever it is shown. */
export const QUEUE_FIELDS = `counts { kind state count } oldestWaitingSeconds recentSeconds completedRecently
  failedRecently staleProfiles pausedKinds`;
const QUEUE = `{ queue { ${QUEUE_FIELDS} } }`;
const WORKERS = `{ workers { name host pid version startedAt lastHeartbeatAt stoppedAt running done failed } }`;
const PAUSE = `mutation($kind: JobKind!) { pauseJobs(kind: $kind) { ${QUEUE_FIELDS} } }`;
const RESUME = `mutation($kind: JobKind!) { resumeJobs(kind: $kind) { ${QUEUE_FIELDS} } }`;

/** Seconds between two looks. */
const EVERY = 2;
const SIZE = 20;
const STATES = ['AVAILABLE', 'SCHEDULED', 'RUNNING', 'RETRYABLE', 'COMPLETED', 'DISCARDED', 'CANCELLED'];
/** The kinds of jobs, as they are stored; the API's enum has them in capitals. */
const KINDS = ['recalculate'];
/** A worker that has not reported for so many seconds is likely to be no more. */
const SILENT = 60;

export function Queue() {
  const queue = useAnswer(QUEUE, {}, { every: EVERY });
  return html`<${Page} title=${t('admin.parts.queue')}>
    ${queue.problem && html`<${ProblemBox} problem=${queue.problem} retry=${queue.reload} />`}
    <${Panel} title=${t('admin.now')}>
      <${Status} queue=${queue.data?.queue} reload=${queue.reload} />
    <//>
    <${Panel} title=${t('admin.workers.title')}><${Workers} /><//>
    <${Panel} title=${t('admin.jobs.title')} aside=${html`<${StateChoice} />`}><${AllJobs} /><//>
  <//>`;
}

/** How many jobs of any kind are in a state. */
export const inState = (queue, state) =>
  queue.counts.filter((it) => it.state === state).reduce((sum, it) => sum + it.count, 0);

/** The figures; until they are there, the same with nothing in it. */
function Status({ queue, reload }) {
  const shown = (read, format = count) => (queue ? format(read(queue)) : '…');
  const recent = shown((it) => it.recentSeconds, (seconds) => t('admin.within', { span: span(seconds) }));
  const orNone = (seconds) => (seconds === null ? NONE : span(seconds));
  const states = STATES.map((state) => {
    const tone = state === 'DISCARDED' && queue && inState(queue, state) ? 'bad' : '';
    const value = shown((it) => inState(it, state));
    return { label: t(`admin.jobStates.${state}`), value, tone, href: here({ state, after: '' }) };
  });
  const figures = [
    { label: t('admin.figures.oldest'), value: shown((it) => it.oldestWaitingSeconds, orNone) },
    { label: t('admin.figures.completedRecently'), value: shown((it) => it.completedRecently), note: recent },
    {
      label: t('admin.figures.failedRecently'),
      value: shown((it) => it.failedRecently),
      note: recent,
      tone: queue?.failedRecently ? 'warn' : '',
    },
    { label: t('admin.figures.stale'), value: shown((it) => it.staleProfiles), href: listOf({ stale: 'yes' }) },
  ];
  const paused = queue?.pausedKinds ?? [];
  const kinds = new Set([...KINDS, ...paused]);
  return html`
    <${Figures} figures=${states} />
    <${Figures} figures=${figures} />
    <ul class="kinds">
      ${[...kinds].map((kind) => html`<${Kind} key=${kind} kind=${kind} isKnown=${Boolean(queue)} isPaused=${paused.includes(kind)} reload=${reload} />`)}
    </ul>
  `;
}

function Kind({ kind, isKnown, isPaused, reload }) {
  const action = useAction(async () => {
    await ask(isPaused ? RESUME : PAUSE, { kind: kind.toUpperCase() });
    say(t(isPaused ? 'admin.kinds.resumed' : 'admin.kinds.paused', { kind }));
    reload();
  });
  return html`<li>
    <strong>${kind}</strong>
    <${Badge} tone=${isPaused ? 'warn' : 'good'}>${t(isPaused ? 'admin.kinds.isPaused' : 'admin.kinds.isRunning')}<//>
    <button class="small quiet" disabled=${action.isRunning || !isKnown} onClick=${() => action.run()}>
      ${t(isPaused ? 'admin.kinds.resume' : 'admin.kinds.pause')}
    </button>
    ${isPaused && html`<span class="soft">${t('admin.kinds.aboutPaused')}</span>`}
    ${action.problem && html`<${ProblemBox} problem=${action.problem} />`}
  </li>`;
}

const stateOf = (params) => (STATES.includes(params.get('state')) ? params.get('state') : undefined);

function StateChoice() {
  const { params } = usePlace();
  const choose = (event) => go(here({ state: event.target.value, after: '' }));
  return html`<label class="inline">${t('admin.columns.state')}
    <select value=${stateOf(params) ?? ''} onChange=${choose}>
      <option value="">${t('admin.filter.any')}</option>
      ${STATES.map((state) => html`<option value=${state}>${t(`admin.jobStates.${state}`)}</option>`)}
    </select>
  </label>`;
}

function AllJobs() {
  const { params } = usePlace();
  const variables = { state: stateOf(params), after: params.get('after') || undefined, first: SIZE };
  const answer = useAnswer(JOBS, variables, { every: EVERY });
  const info = answer.data?.jobs.pageInfo;
  return html`
    <${Jobs} answer=${answer} rowsToCome=${SIZE} />
    ${(info?.hasNextPage || info?.hasPreviousPage) &&
    html`<nav class="pager" aria-label=${t('admin.pages')}>
      ${info.hasPreviousPage && html`<a class="button small quiet" href=${here({ after: '' })}>${t('admin.newest')}</a>`}
      ${info.hasNextPage && html`<a class="button small quiet" rel="next" href=${here({ after: info.endCursor })}>${t('admin.older')}</a>`}
    </nav>`}
  `;
}

/** How a worker is doing, as far as it has reported. */
export function workerState({ stoppedAt, lastHeartbeatAt }, now) {
  if (stoppedAt) return ['STOPPED', 'plain'];
  return (now - new Date(lastHeartbeatAt)) / 1000 > SILENT ? ['SILENT', 'bad'] : ['WORKING', 'good'];
}

function Workers() {
  const { data, problem, reload } = useAnswer(WORKERS, {}, { every: EVERY });
  const now = useNow();
  if (problem && !data) return html`<${ProblemBox} problem=${problem} retry=${reload} />`;
  if (!data) return html`<${RowsToCome} rows=${2} />`;
  if (!data.workers.length) return html`<${Empty} title=${t('admin.workers.none')}>${t('admin.workers.aboutNone')}<//>`;
  const columns = [
    { label: t('admin.columns.worker'), isHeading: true, cell: (worker) => html`${worker.host} <span class="id">${worker.pid} · ${worker.version}</span>` },
    {
      label: t('admin.columns.state'),
      cell: (worker) => {
        const [name, tone] = workerState(worker, now);
        return html`<${Badge} tone=${tone}>${t(`admin.workers.${name}`)}<//>`;
      },
    },
    { label: t('admin.columns.running'), isNumber: true, cell: ({ running }) => count(running) },
    { label: t('admin.columns.done'), isNumber: true, cell: ({ done }) => count(done) },
    { label: t('admin.columns.failed'), isNumber: true, cell: ({ failed }) => count(failed) },
    { label: t('admin.columns.started'), cell: ({ startedAt }) => html`<${When} at=${startedAt} />` },
    { label: t('admin.columns.reported'), cell: ({ lastHeartbeatAt }) => html`<${When} at=${lastHeartbeatAt} />` },
  ];
  return html`<${Rows} caption=${t('admin.workers.title')} columns=${columns} rows=${data.workers} keyOf=${({ name }) => name} />`;
}

// The desk at a glance: is all well, and what goes on.

import { html } from '../app/view.js';
import { Empty, ProblemBox, Skeleton } from '../app/components.js';
import { count, useNow } from '../app/format.js';
import { t } from '../app/texts.js';
import { Bar, inScope, RUN_FIELDS, RunBadge } from './backfill-words.js';
import { useAnswer } from './data.js';
import { Figures, listOf, Page, Panel } from './parts.js';
import { inState, QUEUE_FIELDS, workerState } from './queue.js';
import { address } from './router.js';

const GLANCE = `{
  queue { ${QUEUE_FIELDS} }
  workers { lastHeartbeatAt stoppedAt }
  aggregateDrift(first: 1) { totalCount }
  backfillRuns(first: 5) { nodes { ${RUN_FIELDS} } }
}`;
const TOTAL = '{ students(first: 1) { totalCount } }';
const EVERY = 3;

export function Overview() {
  const { data, problem, reload } = useAnswer(GLANCE, {}, { every: EVERY });
  const total = useAnswer(TOTAL).data?.students.totalCount;
  return html`<${Page} title=${t('admin.parts.overview')}>
    ${problem && html`<${ProblemBox} problem=${problem} retry=${reload} />`}
    <section class="panel" aria-label=${t('admin.now')}><${Glance} data=${data} total=${total} /></section>
    <${Panel} title=${t('admin.backfill.runs')} aside=${html`<a href="/admin/backfills">${t('admin.backfill.new')}</a>`}>
      ${data ? html`<${Runs} runs=${data.backfillRuns.nodes} />` : html`<${Skeleton} lines=${5} />`}
    <//>
  <//>`;
}

/** Figures to be judged at a glance; until they are there, the same with nothing in it. */
function Glance({ data, total }) {
  const now = useNow();
  const queue = data?.queue;
  const shown = (value) => (value === undefined ? '…' : count(value));
  const working = data?.workers.filter((worker) => workerState(worker, now)[0] === 'WORKING').length;
  const waiting = queue && inState(queue, 'AVAILABLE') + inState(queue, 'SCHEDULED') + inState(queue, 'RETRYABLE');
  const discarded = queue && inState(queue, 'DISCARDED');
  const drifted = data?.aggregateDrift.totalCount;
  const figures = [
    { label: t('admin.parts.students'), value: shown(total), href: '/admin/students' },
    { label: t('admin.figures.stale'), value: shown(queue?.staleProfiles), href: listOf({ stale: 'yes', order: 'STALE_SINCE' }) },
    { label: t('admin.figures.drifted'), value: shown(drifted), href: '/admin/drift', tone: drifted ? 'bad' : '' },
    { label: t('admin.figures.waiting'), value: shown(waiting), href: '/admin/queue' },
    {
      label: t('admin.figures.discarded'),
      value: shown(discarded),
      href: address('/admin/queue', { state: 'DISCARDED' }),
      tone: discarded ? 'bad' : '',
    },
    { label: t('admin.figures.workers'), value: shown(working), href: '/admin/queue', tone: working === 0 ? 'bad' : '' },
  ];
  const paused = queue?.pausedKinds.length > 0;
  return html`
    <${Figures} figures=${figures} />
    <p class="soft">${paused ? t('admin.kinds.arePaused', { kinds: queue.pausedKinds.join(', ') }) : t('admin.aboutFigures')}</p>
  `;
}

function Runs({ runs }) {
  if (!runs.length) return html`<${Empty} title=${t('admin.backfill.none')} />`;
  return html`<ul class="runs">
    ${runs.map(
      (run) => html`<li key=${run.id}>
        <a href="/admin/backfills/${run.id}">${inScope(run)}</a>
        <span>${run.dryRun && html`<span class="soft">${t('admin.backfill.dryRun')}</span> `}<${RunBadge} run=${run} /></span>
        <${Bar} run=${run} />
      </li>`,
    )}
  </ul>`;
}

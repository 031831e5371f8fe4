// One backfill: how far it is, what it changes, and what went wrong.

import { html, useEffect, useState } from '../app/view.js';
import { Badge, Empty, ProblemBox, Skeleton } from '../app/components.js';
import { count, rate, span } from '../app/format.js';
import { ask } from '../app/graphql.js';
import { follow } from '../app/live.js';
import { t } from '../app/texts.js';
import { Changes, Failures } from './backfill-results.js';
import { Bar, inScope, isUnderWay, RUN_FIELDS, RunBadge } from './backfill-words.js';
import { start } from './backfills.js';
import { useAction, useAnswer } from './data.js';
import { Figures, Page, Panel, Question, When } from './parts.js';
import { go } from './router.js';
import { useSelection } from './selection.js';

const RUN = `query($id: ID!) { backfillRun(id: $id) { ${RUN_FIELDS} } }`;
const FOLLOW = `subscription($id: ID!) { backfillProgress(runId: $id) { ${RUN_FIELDS} } }`;
const CANCEL = 'mutation($id: ID!) { cancelBackfill(id: $id) { id } }';
const RETRY = 'mutation($id: ID!) { retryBackfillFailures(id: $id) { id } }';

export function BackfillRun({ id }) {
  const { data, problem, reload } = useAnswer(RUN, { id });
  const run = useProgress(id) ?? data?.backfillRun;
  // An id that is none is no different from one that no run has.
  if ((data && !run) || problem?.code === 'BAD_USER_INPUT') return html`<${Gone} />`;
  if (problem && !run) {
    return html`<${Page} title=${t('admin.backfill.one')}><${ProblemBox} problem=${problem} retry=${reload} /><//>`;
  }
  const title = run?.dryRun ? t('admin.backfill.previewOf') : t('admin.backfill.one');
  return html`<${Page} title=${title} note=${run ? inScope(run) : ' '}>
    <section class="panel">${run ? html`<${Progress} run=${run} />` : html`<${Skeleton} lines=${5} />`}</section>
    ${run && html`<${Changes} run=${run} />`}
    ${run?.failed > 0 && html`<${Failures} run=${run} />`}
  <//>`;
}

function Gone() {
  return html`<${Page} title=${t('admin.backfill.gone')}>
    <${Empty} title=${t('admin.backfill.goneText')}><a href="/admin/backfills">${t('admin.backfill.back')}</a><//>
  <//>`;
}

/** The run as it goes on. */
function useProgress(id) {
  const [run, setRun] = useState();
  useEffect(() => follow(FOLLOW, { id }, { next: ({ backfillProgress }) => setRun(backfillProgress) }), [id]);
  return run;
}

function Progress({ run }) {
  const figures = [
    { label: t('admin.figures.changed'), value: count(run.changed) },
    { label: t('admin.figures.unchanged'), value: count(run.unchanged) },
    { label: t('admin.figures.failed'), value: count(run.failed), tone: run.failed ? 'bad' : '' },
    { label: t('admin.figures.rate'), value: run.studentsPerSecond === null ? '–' : t('admin.perSecond', { rate: rate(run.studentsPerSecond) }) },
    isUnderWay(run)
      ? { label: t('admin.figures.left'), value: run.secondsLeft === null ? '–' : span(run.secondsLeft) }
      : { label: t('admin.figures.ended'), value: html`<${When} at=${run.finishedAt} />` },
    ...(run.calledOff ? [{ label: t('admin.figures.calledOff'), value: count(run.calledOff) }] : []),
  ];
  return html`
    <p class="run-state" role="status">
      <${RunBadge} run=${run} />
      ${run.dryRun && html`<${Badge}>${t('admin.backfill.dryRun')}<//>`}
      <span class="soft">${t('admin.backfill.startedBy', { who: run.requestedBy })} <${When} at=${run.startedAt} />.
        ${' '}${settings(run)}
        ${run.retryOf && html` <a href="/admin/backfills/${run.retryOf}">${t('admin.backfill.retryOf')}</a>`}
      </span>
    </p>
    <${Bar} run=${run} isLarge />
    <${Figures} figures=${figures} />
    ${run.dryRun && html`<p class="soft">${t('admin.backfill.aboutDryRun')}</p>`}
    <div class="ways"><${Actions} run=${run} /></div>
  `;
}

const settings = ({ priority, ratePerSecond }) =>
  ratePerSecond === null
    ? t('admin.backfill.settings', { priority: count(priority) })
    : t('admin.backfill.settingsWithRate', { priority: count(priority), rate: count(ratePerSecond) });

function Actions({ run }) {
  const [isAsking, setAsking] = useState(false);
  const selected = useSelection();
  const cancelling = useAction(async () => {
    await ask(CANCEL, { id: run.id });
    setAsking(false);
  });
  const retrying = useAction(async () => {
    const { retryBackfillFailures } = await ask(RETRY, { id: run.id });
    go(`/admin/backfills/${retryBackfillFailures.id}`);
  });
  const starting = useAction(() => start(inEarnest(run, selected)));
  const problem = retrying.problem ?? starting.problem;
  const canStart = run.dryRun && (run.scope !== 'STUDENTS' || selected.size > 0) && run.scope !== 'FAILURES';
  return html`
    ${run.state === 'RUNNING' && html`<button class="danger" onClick=${() => setAsking(true)}>${t('admin.backfill.cancel')}</button>`}
    ${!isUnderWay(run) && canStart && html`<button disabled=${starting.isRunning} onClick=${() => starting.run()}>
      ${t('admin.backfill.inEarnest')}
    </button>`}
    ${!isUnderWay(run) && run.failed > 0 && html`<button disabled=${retrying.isRunning} onClick=${() => retrying.run()}>
      ${t('admin.backfill.retry')}
    </button>`}
    ${problem && html`<${ProblemBox} problem=${problem} />`}
    ${isAsking && html`<${Question} title=${t('admin.backfill.cancelQuestion')} label=${t('admin.backfill.cancel')}
        action=${cancelling} close=${() => setAsking(false)}>
      ${t('admin.backfill.aboutCancel')}
    <//>`}
  `;
}

/** What starts in earnest what a dry run was a preview of. */
const inEarnest = ({ scope, course, priority, ratePerSecond }, selected) => ({
  scope,
  dryRun: false,
  ...(course && { course: { sourcedId: course.sourcedId } }),
  ...(scope === 'STUDENTS' && { students: [...selected].map((id) => ({ id })) }),
  priority,
  ratePerSecond,
});

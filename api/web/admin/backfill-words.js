// What the list of backfills and the page of one have in common.

import { html } from '../app/view.js';
import { Badge } from '../app/components.js';
import { count } from '../app/format.js';
import { t } from '../app/texts.js';

/** What is asked of a run wherever one is shown. */
export const RUN_FIELDS = `id scope course { title sourcedId } retryOf dryRun priority ratePerSecond state requestedBy
  startedAt finishedAt total enqueued pending done changed unchanged failed calledOff studentsPerSecond secondsLeft`;

/** Whom a run is about, in words. */
export const inScope = ({ scope, course }) =>
  course ? t('admin.inCourse', { course: course.title }) : t(`admin.scopes.${scope}`);

/** Whether a run goes on. */
export const isUnderWay = ({ state }) => state === 'RUNNING' || state === 'CANCELLING';

const TONES = { RUNNING: 'busy', CANCELLING: 'busy', CANCELLED: 'warn', FINISHED: 'good' };

/** Where a run stands. */
export function RunBadge({ run }) {
  const isPoor = run.state === 'FINISHED' && run.failed > 0;
  return html`<${Badge} tone=${isPoor ? 'warn' : TONES[run.state]}>${t(`admin.runStates.${run.state}`)}<//>`;
}

/** How far a run is: a bar, and the same in figures. */
export function Bar({ run, isLarge }) {
  const isOver = !isUnderWay(run);
  const max = Math.max(run.total, 1);
  const value = run.state === 'FINISHED' ? max : run.done;
  const isUnknown = !isOver && run.total === 0;
  const figures = { done: count(run.done), total: count(run.total) };
  return html`<div class="run-bar ${isLarge ? 'large-bar' : ''}">
    <progress max=${max} value=${isUnknown ? undefined : value} aria-label=${inScope(run)}></progress>
    <span>${t('admin.doneOf', figures)}</span>
  </div>`;
}

// The students that are selected in the list, across its pages, until the page is loaded anew.

import { html, useState } from '../app/view.js';
import { ProblemBox } from '../app/components.js';
import { ask } from '../app/graphql.js';
import { store, useStore } from '../app/store.js';
import { t } from '../app/texts.js';
import { useAction } from './data.js';
import { say, students } from './parts.js';
import { go } from './router.js';

/** As many as the API recalculates at once. */
const MOST = 1000;
const PAGE = 100;

const selection = store(new Set());

/** The ids of the selected students, in a component that is shown anew whenever they change. */
export const useSelection = () => useStore(selection);

/** Selects students, or no longer selects them. */
export function select(ids, isSelected) {
  const next = new Set(selection.get());
  for (const id of ids) isSelected ? next.size < MOST && next.add(id) : next.delete(id);
  selection.set(next);
}

const clear = () => selection.set(new Set());

const RECALCULATE = 'mutation($ids: [ID!]!) { recalculateStudents(ids: $ids) { enqueued } }';
const IDS = `query($filter: StudentFilter, $orderBy: StudentOrder, $first: Int, $after: String) {
  students(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes { id } pageInfo { hasNextPage endCursor }
  }
}`;

/** Has students recalculated, and says so. */
export async function recalculate(ids) {
  const { recalculateStudents } = await ask(RECALCULATE, { ids });
  say(t('admin.recalculating', { students: students(recalculateStudents.enqueued) }));
}

/** Selects the students of a listing, up to as many as can be. */
async function selectAll(listing) {
  let after;
  do {
    const { students: page } = await ask(IDS, { ...listing, first: PAGE, after });
    select(page.nodes.map(({ id }) => id), true);
    after = page.pageInfo.hasNextPage && page.pageInfo.endCursor;
  } while (after && selection.get().size < MOST);
}

/** What can be done with the selected students. `total` is how many are listed by `listing`. */
export function SelectionBar({ listing, total, onDone, children }) {
  const selected = useSelection();
  const recalculating = useAction(async () => {
    await recalculate([...selected]);
    clear();
    onDone();
  });
  const selecting = useAction(() => selectAll(listing));
  const problem = recalculating.problem ?? selecting.problem;
  const isBusy = recalculating.isRunning || selecting.isRunning;
  const rest = total > selected.size && selected.size < MOST;
  return html`<div class="selection">
    ${children}
    <p role="status">${selected.size ? t('admin.selected', { students: students(selected.size) }) : t('admin.selectSome')}</p>
    <button class="small" disabled=${!selected.size || isBusy} onClick=${() => recalculating.run()}>
      ${t('admin.recalculateSelected')}
    </button>
    <button class="small quiet" disabled=${!selected.size} onClick=${() => go('/admin/backfills?scope=STUDENTS')}>
      ${t('admin.backfillSelected')}
    </button>
    <button class="small quiet" disabled=${!rest || isBusy} onClick=${() => selecting.run()}>
      ${total > MOST ? t('admin.selectFirst') : t('admin.selectAll')}
    </button>
    <button class="small quiet" disabled=${!selected.size} onClick=${clear}>${t('admin.selectNone')}</button>
    ${problem && html`<${ProblemBox} problem=${problem} />`}
  </div>`;
}

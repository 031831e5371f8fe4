// The admin's desk: the frame, and which part of it is at which address.

import { html, render, useEffect } from '../app/view.js';
import { ConnectionNote, Frame } from '../app/components.js';
import { t } from '../app/texts.js';
import { AccessLog } from './access-log.js';
import { BackfillRun } from './backfill-run.js';
import { Backfills } from './backfills.js';
import { useAnswer } from './data.js';
import { Drift } from './drift.js';
import { Guardianships } from './guardianships.js';
import { Overview } from './overview.js';
import { Page, Said } from './parts.js';
import { Queue } from './queue.js';
import { usePlace } from './router.js';
import { Student } from './student.js';
import { Students } from './students.js';

/** The parts of the desk, as the links above name them. A new part is a line here and a text `admin.parts.…`. */
const PARTS = [
  { name: 'overview', path: '/admin', part: Overview },
  { name: 'students', path: '/admin/students', part: Students, one: Student },
  { name: 'backfills', path: '/admin/backfills', part: Backfills, one: BackfillRun },
  { name: 'queue', path: '/admin/queue', part: Queue },
  { name: 'drift', path: '/admin/drift', part: Drift },
  { name: 'guardianships', path: '/admin/guardianships', part: Guardianships },
  { name: 'accessLog', path: '/admin/access-log', part: AccessLog },
];

/** The part at an address, and the id with which an address of one thing ends. */
function found(path) {
  for (const part of PARTS) {
    if (path === part.path) return { name: part.name, Part: part.part };
    const id = path.startsWith(`${part.path}/`) && path.slice(part.path.length + 1);
    if (id && part.one) return { name: part.name, Part: part.one, id };
  }
  return { Part: NoSuchPage };
}

function Desk() {
  const { path } = usePlace();
  const { data } = useAnswer('{ me { subject } }');
  const { name, Part, id } = found(path.length > 1 ? path.replace(/\/$/, '') : path);
  const links = PARTS.map((part) => ({
    href: part.path,
    label: t(`admin.parts.${part.name}`),
    isCurrent: part.name === name,
  }));
  useEffect(showCurrentLink, [name]);
  const graphiql = { href: '/graphiql', label: 'GraphiQL' };
  return html`
    <${Frame} who=${data?.me.subject} links=${[...links, graphiql]}>
      <${Part} key=${path} id=${id} />
      <${Said} />
    <//>
    <${ConnectionNote} />
  `;
}

/** On a narrow screen the links are on one line that can be moved: the current one is to be seen. */
function showCurrentLink() {
  const link = document.querySelector('.bar nav [aria-current]');
  if (link) link.closest('nav').scrollLeft = link.offsetLeft - link.closest('nav').offsetLeft;
}

function NoSuchPage() {
  return html`<${Page} title=${t('admin.noPage.title')}>
    <p><a href="/admin">${t('admin.noPage.back')}</a></p>
  <//>`;
}

render(html`<${Desk} />`, document.getElementById('page'));

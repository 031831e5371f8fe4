// What the parts of the desk have in common.

import { html, useEffect, useRef } from '../app/view.js';
import { Ago, Badge, Dialog, ProblemBox } from '../app/components.js';
import { count, NONE, percent } from '../app/format.js';
import { store, useStore } from '../app/store.js';
import { t } from '../app/texts.js';
import { address, here } from './router.js';

let isFirstPage = true;

/** A part of the desk under its heading. Whoever goes there by a link or a key begins at the heading. */
export function Page({ title, note, actions, children }) {
  const heading = useRef();
  useEffect(() => {
    if (!isFirstPage) heading.current.focus({ preventScroll: true });
    isFirstPage = false;
  }, []);
  useEffect(() => {
    document.title = `${title} · Tally`;
  }, [title]);
  return html`
    <div class="head">
      <div>
        <h1 ref=${heading} tabindex="-1">${title}</h1>
        ${note && html`<p class="soft">${note}</p>`}
      </div>
      ${actions && html`<div class="actions">${actions}</div>`}
    </div>
    ${children}
  `;
}

/** A sheet with a heading, and beside the heading what can be done. */
export function Panel({ title, aside, children, className = '' }) {
  return html`<section class="panel ${className}">
    <div class="panel-head"><h2>${title}</h2>${aside}</div>
    ${children}
  </section>`;
}

/** Figures, each with its name, and with where it leads. `figures`: `{ label, value, note, href, tone }`. */
export function Figures({ figures }) {
  return html`<dl class="figures">
    ${figures.map(
      ({ label, value, note, href, tone = '' }) => html`<div class=${tone}>
        <dt>${href ? html`<a href=${href}>${label}</a>` : label}</dt>
        <dd>${value}${note && html`<small>${note}</small>`}</dd>
      </div>`,
    )}
  </dl>`;
}

/** A student's name, which leads to the record. */
export function StudentLink({ student }) {
  if (!student) return html`<span class="soft">${t('admin.studentGone')}</span>`;
  return html`<a href=${recordOf(student)}>${student.displayName}</a> <span class="id">${student.sourcedId}</span>`;
}

/** The address of a student's record. */
export const recordOf = ({ id }) => `/admin/students/${id}`;

/** Whether the aggregates are what the facts say, as far as is known. */
export function Freshness({ profile }) {
  if (profile.isStale) return html`<${Badge} tone="warn">${t('admin.stale')}<//>`;
  return html`<${Badge} tone="good">${t('admin.current')}<//>`;
}

/** A moment as time goes by, or a dash. */
export const When = ({ at }) => (at ? html`<${Ago} at=${at} />` : NONE);

/** An average; that nothing counts is said, too. */
export function Average({ of }) {
  return of === null ? html`<span aria-label=${t('admin.nothingCounts')} role="img">${NONE}</span>` : percent(of);
}

/** Links to the pages before and after, by cursors in the address. */
export function Pager({ pageInfo, total }) {
  const first = pageInfo?.hasPreviousPage && here({ before: '', after: '' });
  const back = pageInfo?.hasPreviousPage && here({ before: pageInfo.startCursor, after: '' });
  const on = pageInfo?.hasNextPage && here({ after: pageInfo.endCursor, before: '' });
  return html`<nav class="pager" aria-label=${t('admin.pages')}>
    <span class="soft" role="status">${total}</span>
    <${PagerLink} href=${first}>${t('admin.first')}<//>
    <${PagerLink} href=${back} rel="prev">${t('admin.previous')}<//>
    <${PagerLink} href=${on} rel="next">${t('admin.next')}<//>
  </nav>`;
}

function PagerLink({ href, rel, children }) {
  if (!href) return html`<span class="button small quiet" aria-disabled="true">${children}</span>`;
  return html`<a class="button small quiet" rel=${rel} href=${href}>${children}</a>`;
}

/** A question before something is done: `ask` it, say what `act` is called, and `close` when it is over. */
export function Question({ title, children, label, action, close }) {
  return html`<${Dialog} title=${title} close=${close}>
    <p>${children}</p>
    ${action.problem && html`<${ProblemBox} problem=${action.problem} />`}
    <div class="ways">
      <button class="danger" disabled=${action.isRunning} onClick=${() => action.run()}>${label}</button>
      <button class="quiet" onClick=${(event) => event.target.closest('dialog').close()}>${t('admin.leave')}</button>
    </div>
  <//>`;
}

const said = store({ text: '' });
let silence;

/** Says what was done, for eyes and for screen readers. */
export function say(text) {
  clearTimeout(silence);
  said.set({ text });
  silence = setTimeout(() => said.set({ text: '' }), 8_000);
}

/** Where that is said. */
export function Said() {
  const { text } = useStore(said);
  return html`<div class="said" role="status">${text && html`<p>${text}</p>`}</div>`;
}

/** "1 student", "1,234 students". */
export const students = (number) => t('admin.students.count', { count: number, n: count(number) });

/** The list of students as a filter shows it. */
export const listOf = (filter) => address('/admin/students', filter);

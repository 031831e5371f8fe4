// The parts that all pages are made of.

import { html, useEffect, useId, useRef } from './view.js';
import { ago, moment, useNow } from './format.js';
import { connection } from './live.js';
import { useStore } from './store.js';
import { t } from './texts.js';

/**
 * The frame of a page: the name and `links` (`{ href, label, isCurrent }`) above, and the way out. `who` is the name or
 * subject of the viewer, once it is known.
 */
export function Frame({ who, links = [], children }) {
  return html`
    <header class="bar">
      <a class="brand" href="/"><img src="/assets/tally.svg" width="28" height="28" alt="" /> Tally</a>
      ${links.length > 0 &&
      html`<nav aria-label=${t('common.pages')}>
        <ul>
          ${links.map(
            ({ href, label, isCurrent }) =>
              html`<li><a href=${href} aria-current=${isCurrent ? 'page' : undefined}>${label}</a></li>`,
          )}
        </ul>
      </nav>`}
      <form class="way-out" method="post" action="/sign-out">
        <span class="who">${who}</span>
        <button class="quiet small">${t('common.signOut')}</button>
      </form>
    </header>
    <main>${children}</main>
  `;
}

/** Says that the connection is lost, for as long as it is. Screen readers hear it, and that it is back. */
export function ConnectionNote() {
  const state = useStore(connection);
  const text = state === 'lost' ? t('common.connectionLost') : '';
  return html`<div class="connection" role="status" data-connection=${state}>
    ${text && html`<p><${Spinner} /> ${text}</p>`}
  </div>`;
}

/** A word on a tinted ground. `tone`: `plain`, `good`, `warn`, `bad` or `busy`; the word alone carries the meaning. */
export function Badge({ tone = 'plain', children }) {
  return html`<span class="badge ${tone}">${tone === 'busy' && html`<${Spinner} />`}${children}</span>`;
}

/** Something turns. What goes on is said beside it. */
export function Spinner() {
  return html`<span class="spinner" aria-hidden="true"></span>`;
}

/** How long ago a moment is, as time goes by. The moment itself is its title. */
export function Ago({ at }) {
  const now = useNow();
  return html`<time datetime=${at} title=${moment(at)}>${ago(at, now)}</time>`;
}

/** Stands where something is going to be, in the size that it is going to have: `lines` of text, or a CSS class. */
export function Skeleton({ lines = 1, kind = '' }) {
  return html`<div class="skeleton ${kind}" aria-hidden="true">
    ${Array.from({ length: lines }, () => html`<span></span>`)}
  </div>`;
}

/** An error in words. `retry`, if something can be tried again. */
export function ProblemBox({ problem, retry }) {
  return html`<div class="problem" role="alert">
    <p>${inWords(problem)}</p>
    ${retry && html`<button class="small" onClick=${retry}>${t('common.tryAgain')}</button>`}
  </div>`;
}

/** What people read of a `Problem`. What the server says of an input is kept; it names the field. */
export function inWords(problem) {
  switch (problem.code) {
    case 'BAD_USER_INPUT':
    case 'CONFLICT':
      return t('common.problems.input', { message: problem.message.replace(/\.$/, '') });
    case 'OFFLINE':
    case 'UNAVAILABLE':
    case 'NOT_FOUND':
    case 'FORBIDDEN':
    case 'LIMIT_EXCEEDED':
      return t(`common.problems.${problem.code}`);
    default:
      return problem.requestId
        ? t('common.problems.withId', { id: problem.requestId })
        : t('common.problems.other');
  }
}

/** Says in words that there is nothing, and what that means. */
export function Empty({ title, children }) {
  return html`<div class="empty">
    <p class="title">${title}</p>
    ${children && html`<p>${children}</p>`}
  </div>`;
}

/** A dialog above the page. It is open as long as it is there; `close` is called when the viewer leaves it. */
export function Dialog({ title, close, children }) {
  const element = useRef();
  const id = useId();
  useEffect(() => element.current.showModal(), []);
  const leave = (event) => event.target === element.current && element.current.close();
  return html`<dialog ref=${element} aria-labelledby=${id} onClose=${close} onClick=${leave}>
    <div class="dialog">
      <header>
        <h2 id=${id}>${title}</h2>
        <button class="quiet small" onClick=${() => element.current.close()}>${t('common.close')}</button>
      </header>
      ${children}
    </div>
  </dialog>`;
}

/**
 * A table. `columns`: `{ key, head, cell, isNumber, isHeading, className }`; `cell` makes a row's cell, and defaults to
 * `row[key]`. `keyOf` names a row. A table that is too wide scrolls within its frame.
 */
export function Table({ caption, isCaptionHidden, columns, rows, keyOf = (_, index) => index }) {
  const id = useId();
  const classes = (column) => [column.isNumber && 'number', column.className].filter(Boolean).join(' ') || undefined;
  const cell = (column, row) => {
    const content = column.cell ? column.cell(row) : row[column.key];
    return column.isHeading
      ? html`<th scope="row" class=${classes(column)}>${content}</th>`
      : html`<td class=${classes(column)}>${content}</td>`;
  };
  // Not the table's own caption, which would scroll away with it.
  return html`<p id=${id} class=${isCaptionHidden ? 'unseen' : 'caption'}>${caption}</p>
    <div class="table" role="region" aria-labelledby=${id} tabindex="0">
      <table aria-labelledby=${id}>
        <thead>
          <tr>${columns.map((column) => html`<th scope="col" class=${classes(column)}>${column.head}</th>`)}</tr>
        </thead>
        <tbody>
          ${rows.map(
            (row, index) => html`<tr key=${keyOf(row, index)}>${columns.map((column) => cell(column, row))}</tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

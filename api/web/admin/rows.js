// Tables as the desk has them: sortable, and on a narrow screen a card for each row.

import { html } from '../app/view.js';
import { t } from '../app/texts.js';

/**
 * `columns`: `{ field, label, isLabelHidden, cell, isNumber, isHeading, sort }`; `cell` makes a row's cell, and defaults to
 * `row[field]`; `sort` is `{ href, direction }`, where the direction is there if the rows are sorted by this column.
 */
export function Rows({ caption, columns, rows, keyOf, isBusy = false, className = '' }) {
  return html`<div class="table ${className}" role="region" aria-label=${caption} tabindex="0" aria-busy=${isBusy}>
    <table class="rows" role="table">
      <caption class="unseen">${caption}</caption>
      <thead role="rowgroup">
        <tr role="row">${columns.map((column) => html`<${Head} ...${column} />`)}</tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map(
          (row) => html`<tr role="row" key=${keyOf(row)}>
            ${columns.map((column) => html`<${Cell} ...${column} row=${row} />`)}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function Head({ label, isLabelHidden, isNumber, sort }) {
  const order = sort && (sort.direction ?? 'none').toLowerCase();
  const text = isLabelHidden ? html`<span class="unseen">${label}</span>` : label;
  return html`<th role="columnheader" scope="col" class=${isNumber ? 'number' : undefined} aria-sort=${order}>
    ${sort ? html`<a class="sort ${order}" href=${sort.href} title=${t('admin.sortBy', { label })}>${text}</a>` : text}
  </th>`;
}

function Cell({ field, label, isLabelHidden, cell, isNumber, isHeading, row }) {
  const content = cell ? cell(row) : row[field];
  const classes = isNumber ? 'number' : undefined;
  const name = isLabelHidden ? undefined : label;
  return isHeading
    ? html`<th role="rowheader" scope="row" class=${classes}>${content}</th>`
    : html`<td role="cell" class=${classes} data-label=${name}>${content}</td>`;
}

/** Stands for a table while its first rows are on their way, in the height that they will have. */
export function RowsToCome({ rows }) {
  return html`<div class="rows-to-come" role="status">
    <span class="unseen">${t('common.loading')}</span>
    ${Array.from({ length: rows }, () => html`<span aria-hidden="true"></span>`)}
  </div>`;
}

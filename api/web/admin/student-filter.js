// The filter of the list of students: a form whose fields are the parameters of the address.

import { html, useLayoutEffect, useRef } from '../app/view.js';
import { t } from '../app/texts.js';
import { address, go, usePlace } from './router.js';

const STATUSES = ['ACTIVE', 'COMPLETED', 'DROPPED', 'PAUSED', 'PENDING', 'SUSPENDED'];
const COUNTS = ['quizzes', 'assignments'];
const AVERAGES = ['overallAverage', 'quizAverage', 'assignmentAverage'];

/** What students can be ordered by. */
export const ORDERS = [
  'NAME',
  'SOURCED_ID',
  'TOTAL_QUIZZES_COMPLETED',
  'TOTAL_ASSIGNMENTS_COMPLETED',
  'OVERALL_QUIZ_AVERAGE_SCORE',
  'OVERALL_ASSIGNMENT_AVERAGE_SCORE',
  'OVERALL_AVERAGE_SCORE',
  'LAST_PERFORMANCE_UPDATE',
  'STALE_SINCE',
];

/** The filter that an address stands for, as the API takes it. */
export function filterOf(params) {
  const yesOrNo = (name) => (params.get(name) ? params.get(name) === 'yes' : undefined);
  const text = (name) => params.get(name)?.trim() || undefined;
  const course = text('course');
  return {
    search: text('search'),
    course: course && { sourcedId: course },
    enrollmentStatus: text('status'),
    stale: yesOrNo('stale'),
    neverUpdated: yesOrNo('never'),
    ...Object.fromEntries(COUNTS.map((name) => [name, range(name, params, Number)])),
    ...Object.fromEntries(AVERAGES.map((name) => [name, range(name, params, decimal)])),
  };
}

function range(name, params, read) {
  const end = (value) => (value ? read(value) : undefined);
  const [min, max] = [end(params.get(`${name}Min`)), end(params.get(`${name}Max`))];
  return min === undefined && max === undefined ? undefined : { min, max };
}

/** A decimal as the API writes it: in some languages a comma stands in it. */
const decimal = (text) => text.replace(',', '.');

/** Whether an address has a condition that the form hides until it is asked for. */
const hasMore = (params) =>
  ['never', ...[...COUNTS, ...AVERAGES].flatMap((name) => [`${name}Min`, `${name}Max`])].some((name) =>
    params.get(name),
  );

/** The form. It is sent when Enter or the button is pressed, or something is chosen. */
export function StudentFilter() {
  const { params } = usePlace();
  const form = useRef();
  useLayoutEffect(() => {
    for (const field of form.current.elements) if (field.name) field.value = params.get(field.name) ?? '';
  }, [params]);
  const send = (event) => {
    event?.preventDefault();
    go(address('/admin/students', Object.fromEntries(new FormData(form.current))));
  };
  const choose = () => form.current.reportValidity() && send();
  return html`<form class="panel filter" role="search" ref=${form} onSubmit=${send}>
    <div class="fields">
      <label class="wide">${t('admin.filter.search')} <input type="search" name="search" maxlength="255" /></label>
      <label>${t('admin.filter.course')} <input name="course" maxlength="255" autocapitalize="off" /></label>
      <${Choice} name="status" choices=${STATUSES} texts="admin.statuses" onChange=${choose} />
      <${Choice} name="stale" choices=${['yes', 'no']} texts="admin.filter.staleChoices" onChange=${choose} />
      <div class="only-narrow">
        <${Choice} name="order" choices=${ORDERS} texts="admin.orders" onChange=${choose} none="admin.orders.NAME" />
        <${Choice} name="direction" choices=${['DESCENDING']} texts="admin.directions" onChange=${choose}
          none="admin.directions.ASCENDING" />
      </div>
      <div class="ways">
        <button class="small">${t('admin.filter.apply')}</button>
        <a class="button small quiet" href="/admin/students">${t('admin.filter.clear')}</a>
      </div>
    </div>
    <details open=${hasMore(params)}>
      <summary>${t('admin.filter.more')}</summary>
      <div class="fields">
        <${Choice} name="never" choices=${['yes', 'no']} texts="admin.filter.neverChoices" onChange=${choose} />
        ${AVERAGES.map((name) => html`<${Range} name=${name} pattern="[0-9]{1,3}([.,][0-9]{1,2})?" mode="decimal" />`)}
        ${COUNTS.map((name) => html`<${Range} name=${name} pattern="[0-9]{1,6}" mode="numeric" />`)}
      </div>
    </details>
  </form>`;
}

function Choice({ name, choices, texts, onChange, none = 'admin.filter.any' }) {
  return html`<label>
    ${t(`admin.filter.${name}`)}
    <select name=${name} onChange=${onChange}>
      <option value="">${t(none)}</option>
      ${choices.map((choice) => html`<option value=${choice}>${t(`${texts}.${choice}`)}</option>`)}
    </select>
  </label>`;
}

function Range({ name, pattern, mode }) {
  const label = t(`admin.filter.${name}`);
  const end = (suffix) => html`<input name=${name + suffix} inputmode=${mode} pattern=${pattern}
    title=${t(`admin.filter.${mode}`)} aria-label=${t(`admin.filter.range${suffix}`, { label })}
    placeholder=${t(`admin.filter.${suffix}`)} />`;
  return html`<div class="range" role="group" aria-label=${label}>
    <span class="label" aria-hidden="true">${label}</span>
    <span>${end('Min')} – ${end('Max')}</span>
  </div>`;
}

// The averages week by week: a plot in which weeks without results stay gaps, and the table behind it.

import { html, useMemo, useState } from '../app/view.js';
import { Empty, Table } from '../app/components.js';
import { count, day, percent, shortDay, wholePercent } from '../app/format.js';
import { colour, Plot } from '../app/plot.js';
import { t } from '../app/texts.js';

/** What is plotted, what is drawn first at first: its name, the week's field, how many it rests on, how its line looks. */
const LINES = [
  { kind: 'overall', average: 'averageScore', items: 'itemsCompleted', line: { width: 4 } },
  { kind: 'quizzes', average: 'averageQuizScore', items: 'quizzesCompleted', line: { width: 2 } },
  { kind: 'assignments', average: 'averageAssignmentScore', items: 'assignmentsCompleted', line: { width: 2, dash: [6, 4] } },
];
const FONT = '12px system-ui, sans-serif';
const HALF_A_WEEK = 302_400;
const LABEL_WIDTH = 76;

/** The panel of the weeks. */
export function Weeks({ weeks: answered }) {
  const weeks = useMemo(() => trimmed(answered), [answered]);
  return html`<section class="panel weeks" aria-labelledby="weeks">
    <h3 id="weeks">${t('family.weeks.title')}</h3>
    ${weeks.length === 0
      ? html`<${Empty} title=${t('family.nothing.title')}>${t('family.weeks.none')}<//>`
      : html`<${Shown} weeks=${weeks} />`}
  </section>`;
}

function Shown({ weeks }) {
  const [pointed, setPointed] = useState(null);
  const data = useMemo(() => columnsOf(weeks), [weeks]);
  const options = useMemo(() => plotOptions(setPointed), []);
  const lastCounted = weeks.findLastIndex((week) => week.itemsCompleted > 0);
  const columns = [
    { head: t('family.weeks.week'), cell: (week) => day(week.monday), isHeading: true },
    ...LINES.map(({ kind, average, items }) => ({
      head: t(`family.weeks.${kind}`),
      cell: (week) => (week[items] > 0 ? `${percent(week[average])} (${count(week[items])})` : '–'),
      isNumber: true,
    })),
  ];
  return html`
    <${Key} week=${weeks[pointed ?? lastCounted] ?? weeks[lastCounted]} />
    <${Plot} label=${t('family.weeks.label')} options=${options} data=${data} />
    <details>
      <summary>${t('family.weeks.table')}</summary>
      <${Table}
        caption=${t('family.weeks.caption')}
        columns=${columns}
        rows=${weeks.toReversed()}
        keyOf=${(week) => week.monday}
      />
    </details>
  `;
}

/** What the lines are, with the numbers of one week: the last in which anything counts, or the one that is pointed at. */
function Key({ week }) {
  return html`<div class="key">
    <p class="soft">${t('family.weeks.of', { day: day(week.monday) })}</p>
    <ul>
      ${LINES.map(
        ({ kind, average, line }) => html`<li key=${kind} class=${kind}>
          <svg viewBox="0 0 24 6" width="24" height="6" aria-hidden="true">
            <path d="M0 3h24" stroke="currentcolor" stroke-width=${line.width} stroke-dasharray=${line.dash?.join(' ')} />
          </svg>
          <span>${t(`family.weeks.${kind}`)}</span> <strong>${percent(week[average])}</strong>
        </li>`,
      )}
    </ul>
  </div>`;
}

/** The weeks from the first in which anything counts; without those to come in which nothing counts yet. */
function trimmed(weeks) {
  const today = new Date().toISOString().slice(0, 10);
  const first = weeks.findIndex((week) => week.itemsCompleted > 0);
  if (first < 0) return [];
  return weeks.slice(first).filter((week) => week.monday <= today || week.itemsCompleted > 0);
}

/** The weeks as uPlot takes them. What is drawn may be binary fractions; nothing is reckoned with them. */
function columnsOf(weeks) {
  const number = (decimal) => (decimal === null ? null : Number(decimal));
  return [
    weeks.map(({ monday }) => Date.parse(monday) / 1000),
    ...LINES.map(({ average }) => weeks.map((week) => number(week[average]))),
  ];
}

function plotOptions(setPointed) {
  const grid = { stroke: colour('--hairline'), width: 1 };
  const axis = { stroke: colour('--soft'), font: FONT, grid, ticks: { show: false } };
  return {
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 9 } },
    scales: {
      x: { time: true, range: (_, first, last) => [first - HALF_A_WEEK, last + HALF_A_WEEK] },
      y: { range: (_, low, high) => [lowest(low), Math.max(100, Math.ceil(high / 10) * 10)] },
    },
    axes: [
      { ...axis, size: 28, grid: { show: false }, splits: someMondays, values: (_, all) => all.map((at) => shortDay(at * 1000)) },
      { ...axis, size: 54, values: (_, all) => all.map((value) => wholePercent(value)) },
    ],
    series: [
      {},
      ...LINES.map(({ kind, line }) => ({
        ...line,
        stroke: colour(`--${kind}`),
        spanGaps: false,
        points: { show: true, size: 6, fill: colour(`--${kind}`) },
      })),
    ],
    hooks: { setCursor: [({ cursor }) => setPointed(cursor.idx ?? null)] },
  };
}

function lowest(low) {
  return Math.max(0, Math.floor((low - 5) / 10) * 10);
}

/** As many Mondays as have room for their names, the last one among them. */
function someMondays({ data: [mondays], width }) {
  const every = Math.ceil((mondays.length * LABEL_WIDTH) / Math.max(width - 60, LABEL_WIDTH));
  return mondays.filter((_, index) => (mondays.length - 1 - index) % every === 0);
}

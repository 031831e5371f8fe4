// How the averages come about: what is added up, by how many it is divided, and everything that is left out and why.

import { html, useEffect, useState } from '../app/view.js';
import { Dialog, ProblemBox, Skeleton, Table } from '../app/components.js';
import { count, decimal, percent } from '../app/format.js';
import { ask } from '../app/graphql.js';
import { t } from '../app/texts.js';
import { Items } from './activity.js';

const AVERAGE = `fragment Average on ExplainedAverage {
  sum count average parts { enrollment { id course { title } } share { sum count points } }
}`;

const LEFT_OUT = `fragment LeftOut on ActivityItemConnection {
  nodes { id kind title course { title } at score state leftOut } pageInfo { hasNextPage endCursor }
}`;

const EXPLAIN = `query Explain($student: ID!) {
  explain(studentId: $student) {
    isStale
    quizzes { ...Average } assignments { ...Average } overall { ...Average }
    leftOutCounts { reason count }
    leftOut(first: 50) { ...LeftOut }
  }
} ${AVERAGE} ${LEFT_OUT}`;

const MORE = `query MoreLeftOut($student: ID!, $after: String) {
  explain(studentId: $student) { leftOut(first: 100, after: $after) { ...LeftOut } }
} ${LEFT_OUT}`;

const AVERAGES = ['quizzes', 'assignments', 'overall'];

/** The dialog. It is asked for anew when the record's `version` has changed. */
export function Explanation({ student, version, close }) {
  const [explanation, setExplanation] = useState();
  const [problem, setProblem] = useState();
  const load = async () => {
    try {
      const { explain } = await ask(EXPLAIN, { student: student.id });
      setExplanation(explain);
      setProblem();
    } catch (problem) {
      setProblem(problem);
    }
  };
  useEffect(() => void load(), [version]);
  const more = async () => {
    try {
      const { explain } = await ask(MORE, { student: student.id, after: explanation.leftOut.pageInfo.endCursor });
      const nodes = [...explanation.leftOut.nodes, ...explain.leftOut.nodes];
      setExplanation({ ...explanation, leftOut: { ...explain.leftOut, nodes } });
    } catch (problem) {
      setProblem(problem);
    }
  };
  return html`<${Dialog} title=${t('family.explain.title', { name: student.displayName })} close=${close}>
    ${problem && html`<${ProblemBox} problem=${problem} retry=${load} />`}
    ${!explanation && !problem && html`<${Skeleton} lines=${12} />`}
    ${explanation && html`<${Reckoning} explanation=${explanation} /><${LeftOut} explanation=${explanation} more=${more} />`}
  <//>`;
}

function Reckoning({ explanation }) {
  return html`<section class="reckoning">
    <p>${t('family.explain.rule')}</p>
    ${explanation.isStale && html`<p class="soft">${t('family.explain.stale')}</p>`}
    <ul class="formulas">
      ${AVERAGES.map((kind) => html`<li key=${kind}><${Formula} kind=${kind} ...${explanation[kind]} /></li>`)}
    </ul>
    <${Table}
      caption=${t('family.explain.byCourse')}
      columns=${columns(explanation)}
      rows=${explanation.overall.parts}
      keyOf=${({ enrollment }) => enrollment.id}
    />
  </section>`;
}

function Formula({ kind, sum, count: items, average }) {
  const label = t(`family.explain.${kind}`);
  if (average === null) return html`<strong>${label}</strong> <span class="soft">${t('family.noneYet')}</span>`;
  return html`<strong>${label}</strong>${' '}
    <span>${decimal(sum)} ÷ ${count(items)} = <strong>${percent(average)}</strong></span>`;
}

function columns({ quizzes, assignments }) {
  const shareIn = ({ parts }, { enrollment }) => parts.find((part) => part.enrollment.id === enrollment.id)?.share;
  const sums = (share) => (share?.count > 0 ? `${decimal(share.sum)} (${count(share.count)})` : '–');
  return [
    { head: t('family.explain.course'), cell: ({ enrollment }) => enrollment.course.title, isHeading: true },
    { head: t('family.quizzes.title'), cell: (part) => sums(shareIn(quizzes, part)), isNumber: true },
    { head: t('family.assignments.title'), cell: (part) => sums(shareIn(assignments, part)), isNumber: true },
    { head: t('family.explain.points'), cell: ({ share }) => (share.count > 0 ? decimal(share.points) : '–'), isNumber: true },
  ];
}

function LeftOut({ explanation: { leftOutCounts, leftOut }, more }) {
  return html`<section class="left-out">
    <h3>${t('family.explain.leftOut')}</h3>
    ${leftOutCounts.length === 0
      ? html`<p class="soft">${t('family.explain.nothingLeftOut')}</p>`
      : html`<ul class="reasons">
            ${leftOutCounts.map(
              ({ reason, count: items }) =>
                html`<li key=${reason}><strong>${count(items)}</strong> ${t(`family.leftOutBecause.${reason}`)}</li>`,
            )}
          </ul>
          <${Items} items=${leftOut.nodes} isWhy />
          ${leftOut.pageInfo.hasNextPage && html`<button class="quiet small" onClick=${more}>${t('common.more')}</button>`}`}
  </section>`;
}

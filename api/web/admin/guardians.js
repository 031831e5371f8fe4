// Guardianships: who may see a student's record, and until when.

import { html, useState } from '../app/view.js';
import { Badge, Empty, ProblemBox } from '../app/components.js';
import { date, NONE } from '../app/format.js';
import { ask } from '../app/graphql.js';
import { t } from '../app/texts.js';
import { useAction, usePages } from './data.js';
import { midnight } from './days.js';
import { Panel, Question, say, StudentLink } from './parts.js';
import { Rows, RowsToCome } from './rows.js';

const GUARDIANSHIPS = `query($student: Ref, $guardian: Ref, $first: Int) {
  guardianships(student: $student, guardian: $guardian, first: $first) {
    nodes {
      student { id sourcedId displayName } guardian { id sourcedId displayName }
      validFrom validUntil revokedAt
    }
    pageInfo { hasNextPage }
  }
}`;
const GRANT = 'mutation($input: GrantGuardianshipInput!) { grantGuardianship(input: $input) { outcome } }';
const REVOKE = 'mutation($input: RevokeGuardianshipInput!) { revokeGuardianship(input: $input) { outcome } }';

/** The guardianships of one student, within the record. */
export function GuardiansOf({ student }) {
  const answer = useGuardianships({ student });
  return html`<${Panel} title=${t('admin.parts.guardianships')} className="span">
    <${List} answer=${answer} isOfOne />
    <${Grant} student=${student} onDone=${answer.reload} />
  <//>`;
}

/** A list of guardianships, page by page. */
export const useGuardianships = (filter) =>
  usePages(GUARDIANSHIPS, filter, (data) => data.guardianships, { size: 50 });

/** The last day of a right, which ends with it or within it. */
const lastDay = ({ validUntil }) => (validUntil ? date(new Date(validUntil) - 1) : NONE);

/** How things stand with a guardianship at a moment. */
function standing({ validFrom, validUntil, revokedAt }) {
  const now = Date.now();
  if (revokedAt) return ['REVOKED', 'bad'];
  if (new Date(validFrom) > now) return ['NOT_YET', 'plain'];
  if (validUntil && new Date(validUntil) <= now) return ['OVER', 'plain'];
  return ['HOLDS', 'good'];
}

/** The list. `isOfOne`: all are of one student, who need not be named. */
export function List({ answer, isOfOne = false }) {
  const [asked, setAsked] = useState();
  const { nodes, problem } = answer;
  if (problem && !nodes) return html`<${ProblemBox} problem=${problem} retry=${answer.reload} />`;
  if (!nodes) return html`<${RowsToCome} rows=${isOfOne ? 2 : 20} />`;
  if (!nodes.length) return html`<${Empty} title=${t('admin.noGuardians.title')}>${t('admin.noGuardians.text')}<//>`;
  const student = {
    label: t('admin.columns.student'),
    isHeading: true,
    cell: (row) => html`<${StudentLink} student=${row.student} />`,
  };
  const columns = [
    ...(isOfOne ? [] : [student]),
    {
      label: t('admin.columns.guardian'),
      isHeading: isOfOne,
      cell: ({ guardian }) => html`${guardian.displayName} <span class="id">${guardian.sourcedId}</span>`,
    },
    { label: t('admin.columns.validFrom'), cell: (row) => date(row.validFrom) },
    { label: t('admin.columns.validUntil'), cell: (row) => lastDay(row) },
    { label: t('admin.columns.standing'), cell: (row) => html`<${Standing} of=${row} />` },
    {
      label: t('admin.columns.actions'),
      isLabelHidden: true,
      cell: (row) =>
        !row.revokedAt &&
        html`<button class="small danger" aria-label=${t('admin.revokeFrom', { name: row.guardian.displayName })}
          onClick=${() => setAsked(row)}>${t('admin.revoke')}</button>`,
    },
  ];
  return html`
    ${problem && html`<${ProblemBox} problem=${problem} retry=${answer.reload} />`}
    <${Rows} caption=${t('admin.parts.guardianships')} columns=${columns} rows=${nodes}
      keyOf=${(row) => row.student.id + row.guardian.id} />
    ${answer.hasMore && html`<p><button class="small quiet" onClick=${answer.showMore}>${t('common.more')}</button></p>`}
    ${asked && html`<${Revoke} of=${asked} close=${() => setAsked()} onDone=${answer.reload} />`}
  `;
}

function Standing({ of }) {
  const [name, tone] = standing(of);
  return html`<${Badge} tone=${tone}>${t(`admin.standings.${name}`)}<//>`;
}

function Revoke({ of: { student, guardian }, close, onDone }) {
  const names = { guardian: guardian.displayName, student: student.displayName };
  const action = useAction(async () => {
    await ask(REVOKE, { input: { student: { id: student.id }, guardian: { id: guardian.id } } });
    say(t('admin.revoked', names));
    close();
    onDone();
  });
  return html`<${Question} title=${t('admin.revokeQuestion.title')} label=${t('admin.revoke')} action=${action} close=${close}>
    ${t('admin.revokeQuestion.text', names)}
  <//>`;
}

/** The form that grants a guardianship: of `student`, or of whoever is named in it. */
export function Grant({ student, onDone }) {
  const action = useAction(async (form) => {
    const value = (name) => form.elements[name]?.value.trim();
    await ask(GRANT, {
      input: {
        student: student ?? { sourcedId: value('student') },
        guardian: { sourcedId: value('guardian') },
        ...(value('from') && { validFrom: midnight(value('from')) }),
        validUntil: value('until') ? midnight(value('until'), 1) : null,
      },
    });
    say(t('admin.granted'));
    form.reset();
    onDone();
  });
  const send = (event) => {
    event.preventDefault();
    action.run(event.target);
  };
  return html`<form class="grant" onSubmit=${send}>
    <${student ? 'h3' : 'h2'}>${t('admin.grant.title')}<//>
    <div class="fields">
      ${!student && html`<label>${t('admin.grant.student')} <input name="student" required maxlength="255" autocapitalize="off" /></label>`}
      <label>${t('admin.grant.guardian')} <input name="guardian" required maxlength="255" autocapitalize="off" /></label>
      <label>${t('admin.grant.from')} <input name="from" type="date" /></label>
      <label>${t('admin.grant.until')} <input name="until" type="date" /></label>
      <button class="small" disabled=${action.isRunning}>${t('admin.grant.grant')}</button>
    </div>
    ${action.problem && html`<${GrantProblem} problem=${action.problem} />`}
  </form>`;
}

function GrantProblem({ problem }) {
  if (problem.code !== 'NOT_FOUND') return html`<${ProblemBox} problem=${problem} />`;
  const whom = problem.field?.startsWith('student') ? 'noStudent' : 'noGuardian';
  return html`<div class="problem" role="alert"><p>${t(`admin.grant.${whom}`)}</p></div>`;
}

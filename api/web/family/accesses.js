// Who else saw or changed the record. It is asked for when somebody wants to know.

import { html, useState } from '../app/view.js';
import { Ago, Empty, ProblemBox, Skeleton, Table } from '../app/components.js';
import { count } from '../app/format.js';
import { ask } from '../app/graphql.js';
import { t } from '../app/texts.js';

const ACCESSES = `query Accesses($student: ID!, $after: String) {
  studentProfile(id: $student) {
    accesses(first: 20, after: $after) {
      nodes { role who kind count lastAt }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

/** The panel. */
export function Accesses({ student }) {
  const [shown, setShown] = useState();
  const [problem, setProblem] = useState();
  const load = async (known = []) => {
    try {
      const { studentProfile } = await ask(ACCESSES, { student, after: shown?.pageInfo.endCursor });
      const { nodes, pageInfo } = studentProfile.accesses;
      setShown({ nodes: [...known, ...nodes], pageInfo });
      setProblem();
    } catch (problem) {
      setProblem(problem);
    }
  };
  const open = (event) => event.currentTarget.open && !shown && load();
  return html`<section class="panel accesses" aria-labelledby="accesses">
    <h3 id="accesses">${t('family.accesses.title')}</h3>
    <details onToggle=${open}>
      <summary>${t('family.accesses.show')}</summary>
      ${problem && html`<${ProblemBox} problem=${problem} retry=${() => load(shown?.nodes)} />`}
      ${!shown && !problem && html`<${Skeleton} lines=${4} />`}
      ${shown?.nodes.length === 0 && html`<${Empty} title=${t('family.accesses.none')} />`}
      ${shown?.nodes.length > 0 && html`<${Shown} accesses=${shown.nodes} />`}
      ${shown?.pageInfo.hasNextPage &&
      html`<button class="quiet small" onClick=${() => load(shown.nodes)}>${t('common.more')}</button>`}
    </details>
  </section>`;
}

function Shown({ accesses }) {
  const columns = [
    { head: t('family.accesses.who'), cell: whose, isHeading: true },
    { head: t('family.accesses.what'), cell: ({ kind }) => t(`family.accesses.${kind}`) },
    { head: t('family.accesses.when'), cell: ({ lastAt }) => html`<${Ago} at=${lastAt} />` },
    { head: t('family.accesses.times'), cell: (access) => count(access.count), isNumber: true },
  ];
  return html`<${Table} caption=${t('family.accesses.caption')} columns=${columns} rows=${accesses} />`;
}

/** A guardian's name; the school's staff are not named to families. */
function whose({ role, who }) {
  if (role === 'GUARDIAN' && who !== null) return who;
  return role === 'SERVICE' ? t('family.accesses.system', { who: who ?? '' }) : t('family.accesses.staff');
}

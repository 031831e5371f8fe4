// All guardianships, or those of a student or a guardian whom the address names.

import { html, useLayoutEffect, useRef } from '../app/view.js';
import { t } from '../app/texts.js';
import { Grant, List, useGuardianships } from './guardians.js';
import { Page } from './parts.js';
import { address, go, usePlace } from './router.js';

export function Guardianships() {
  const { params } = usePlace();
  const named = (name) => (params.get(name) ? { sourcedId: params.get(name) } : undefined);
  const answer = useGuardianships({ student: named('student'), guardian: named('guardian') });
  return html`<${Page} title=${t('admin.parts.guardianships')} note=${t('admin.aboutGuardianships')}>
    <section class="panel">
      <${Filter} params=${params} />
      <${List} answer=${answer} />
    </section>
    ${answer.nodes && html`<section class="panel"><${Grant} onDone=${answer.reload} /></section>`}
  <//>`;
}

function Filter({ params }) {
  const form = useRef();
  useLayoutEffect(() => {
    for (const field of form.current.elements) if (field.name) field.value = params.get(field.name) ?? '';
  }, [params]);
  const send = (event) => {
    event.preventDefault();
    const named = [...new FormData(form.current)].map(([name, value]) => [name, value.trim()]);
    go(address('/admin/guardianships', Object.fromEntries(named)));
  };
  return html`<form class="filter" role="search" ref=${form} onSubmit=${send}>
    <div class="fields">
      <label>${t('admin.grant.student')} <input name="student" maxlength="255" autocapitalize="off" /></label>
      <label>${t('admin.grant.guardian')} <input name="guardian" maxlength="255" autocapitalize="off" /></label>
      <div class="ways">
        <button class="small">${t('admin.filter.apply')}</button>
        <a class="button small quiet" href="/admin/guardianships">${t('admin.filter.clear')}</a>
      </div>
    </div>
  </form>`;
}

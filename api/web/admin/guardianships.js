// All guardianships, or those of a student or a guardian whom the address names.

import { html } from '../app/view.js';
import { t } from '../app/texts.js';
import { FilterForm } from './filter-form.js';
import { Grant, List, useGuardianships } from './guardians.js';
import { Page } from './parts.js';
import { usePlace } from './router.js';

export function Guardianships() {
  const { params } = usePlace();
  const named = (name) => (params.get(name) ? { sourcedId: params.get(name) } : undefined);
  const answer = useGuardianships({ student: named('student'), guardian: named('guardian') });
  return html`<${Page} title=${t('admin.parts.guardianships')} note=${t('admin.aboutGuardianships')}>
    <section class="panel">
      <${FilterForm}>
        <label>${t('admin.grant.student')} <input name="student" maxlength="255" autocapitalize="off" /></label>
        <label>${t('admin.grant.guardian')} <input name="guardian" maxlength="255" autocapitalize="off" /></label>
      <//>
      <${List} answer=${answer} />
    </section>
    ${answer.nodes && html`<section class="panel"><${Grant} onDone=${answer.reload} /></section>`}
  <//>`;
}

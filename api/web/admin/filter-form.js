// A form above a list, whose fields are the parameters of the address.

import { html, useLayoutEffect, useRef } from '../app/view.js';
import { t } from '../app/texts.js';
import { go, here, usePlace } from './router.js';

/** The form, with its fields as `children`. It is sent when Enter or the button is pressed. */
export function FilterForm({ children }) {
  const { path, params } = usePlace();
  const form = useRef();
  useLayoutEffect(() => {
    for (const field of form.current.elements) if (field.name) field.value = params.get(field.name) ?? '';
  }, [params]);
  const send = (event) => {
    event.preventDefault();
    const named = [...new FormData(form.current)].map(([name, value]) => [name, value.trim()]);
    go(here(Object.fromEntries(named)));
  };
  return html`<form class="filter" role="search" ref=${form} onSubmit=${send}>
    <div class="fields">
      ${children}
      <div class="ways">
        <button class="small">${t('admin.filter.apply')}</button>
        <a class="button small quiet" href=${path}>${t('admin.filter.clear')}</a>
      </div>
    </div>
  </form>`;
}

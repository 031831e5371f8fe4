// The family's page.

import { html, render } from '../app/view.js';
import { Frame, ConnectionNote } from '../app/components.js';

render(html`<${Frame} /><${ConnectionNote} />`, document.getElementById('page'));

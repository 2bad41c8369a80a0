// A line of a demonstration: what is called, what it is for, and room for what came of it.
import { type Html, html } from './html.js';

export function step(id: string, code: string, text: string, english: string): Html {
  return html`<li id="${id}" data-testid="${id}">
    <h3><code>${code}</code></h3>
    <p>${text}<small>${english}</small></p>
    <pre hidden></pre>
  </li>`;
}

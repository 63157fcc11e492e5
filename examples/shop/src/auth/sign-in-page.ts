/** The sign-in form. It never says which of address and password was wrong. */
import { type Html, html } from '../pages/html.ts';

export function signInPage(email: string, failed: boolean): Html {
  const notice = failed
    ? html`<p class="notice bad" role="alert">That address and password do not go together.</p>`
    : html``;
  return html`<section class="card narrow">
    <h1>Sign in</h1>
    <p class="quiet">To pay, and to see what you bought.</p>
    ${notice}
    <form method="post" action="/sign-in" class="stack">
      <label>E-mail <input name="email" type="email" autocomplete="username" required value="${email}"></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button class="button wide">Sign in</button>
    </form>
  </section>`;
}

/** The frame around every page. */
import { type Html, html } from './html.ts';

export type Visitor = { readonly name: string | null; readonly items: number };

export function layout(title: string, visitor: Visitor, body: Html): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title} · Harbour Street Coffee</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/style.css">
</head>
<body>
  <header class="top">
    <a class="brand" href="/"><span class="mark" aria-hidden="true"></span>Harbour Street</a>
    <nav aria-label="Main">${signedInLinks(visitor)}<a class="cart" href="/cart">Cart<span class="count" data-testid="cart-count">${visitor.items}</span></a></nav>
  </header>
  <main>${body}</main>
  <footer class="bottom">
    <p>Roasted evrey Tuesday on Harbour Street. Sent the day after.</p>
    <p class="quiet">Three or more of the same are 10% off. Free delivery from $60.</p>
  </footer>
</body>
</html>`;
  return page.text;
}

function signedInLinks({ name }: Visitor): Html {
  if (name === null) return html`<a href="/sign-in">Sign in</a>`;
  return html`<span class="hello">Hello, ${name}</span>
    <form method="post" action="/sign-out"><button class="link">Sign out</button></form>`;
}

/** A drawing for each product, in the colours of the page. */
import type { Picture } from '../catalog/products.ts';
import { Html, html } from './html.ts';

const SHAPES: Record<Picture, string> = {
  bag: `<path class="a" d="M66 36h68l8 104a6 6 0 0 1-6 6H64a6 6 0 0 1-6-6z"/>
    <path class="b" d="M66 36h68l1.500 18H64.500z"/><rect class="c" x="76" y="74" width="48" height="44" rx="4"/>
    <path class="line" d="M92 96c0-9 16-9 16 0s-16 9-16 0m0 0c5-4 11 4 16 0"/>`,
  'blue-bag': `<path class="b" d="M66 36h68l8 104a6 6 0 0 1-6 6H64a6 6 0 0 1-6-6z"/>
    <path class="a" d="M66 36h68l1.500 18H64.500z"/><rect class="c" x="76" y="74" width="48" height="44" rx="4"/>
    <path class="line" d="M92 96c0-9 16-9 16 0s-16 9-16 0m0 0c5-4 11 4 16 0"/>`,
  jar: `<rect class="b" x="76" y="28" width="48" height="16" rx="4"/>
    <path class="c" d="M72 48h56c6 10 10 16 10 28v62a8 8 0 0 1-8 8H70a8 8 0 0 1-8-8V76c0-12 4-18 10-28z"/>
    <path class="a" d="M62 84h76v54a8 8 0 0 1-8 8H70a8 8 0 0 1-8-8z"/>`,
  cone: `<path class="a" d="M48 48h104l-34 58H82z"/><rect class="b" x="42" y="42" width="116" height="10" rx="5"/>
    <rect class="b" x="66" y="106" width="68" height="9" rx="4.500"/><path class="c" d="M74 115h52v16a15 15 0 0 1-15 15H89a15 15 0 0 1-15-15z"/>
    <path class="line" d="M150 60c18 0 18 28-10 26"/>`,
  filters: `<path class="b" d="M44 58h112l-46 82H90z"/><path class="c" d="M54 48h112l-46 82h-20z"/>
    <path class="line" d="M66 62h88M74 76h72M83 90h54"/>`,
  grinder: `<path class="line" d="M100 40V26h44"/><circle class="b" cx="148" cy="26" r="9"/>
    <rect class="c" x="74" y="40" width="52" height="22" rx="6"/><rect class="a" x="70" y="62" width="60" height="52" rx="4"/>
    <rect class="b" x="76" y="114" width="48" height="34" rx="6"/>`,
  kettle: `<path class="line thick" d="M134 104c26 0 20-46 42-50"/><path class="a" d="M62 62h68l12 74a8 8 0 0 1-8 10H58a8 8 0 0 1-8-10z"/>
    <path class="b" d="M66 62a30 14 0 0 1 60 0z"/><circle class="c" cx="96" cy="44" r="6"/>
    <path class="line thick" d="M62 74C22 66 24 126 53 122"/>`,
  mug: `<path class="line thick" d="M128 78c32-6 32 44-2 42"/><path class="c" d="M58 56h74v78a12 12 0 0 1-12 12H70a12 12 0 0 1-12-12z"/>
    <rect class="b" x="54" y="50" width="82" height="10" rx="5"/><circle class="a" cx="78" cy="92" r="4"/><circle class="a" cx="104" cy="82" r="3"/><circle class="a" cx="96" cy="116" r="5"/>`,
  cup: `<path class="a" d="M52 70h92c0 44-16 70-46 70S52 114 52 70z"/><path class="b" d="M52 70h92l-2 16H54z"/>
    <path class="line" d="M142 84c24-4 22 32-10 28"/><rect class="c" x="48" y="140" width="104" height="8" rx="4"/>
    <path class="line" d="M84 54c-8-12 8-14 0-26M108 54c-8-12 8-14 0-26"/>`,
};

export function picture(name: Picture): Html {
  return html`<svg class="picture" viewBox="0 0 200 170" aria-hidden="true">${new Html(SHAPES[name])}</svg>`;
}

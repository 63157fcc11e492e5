/**
 * Runs inside the page, each function by itself: the things in it that do something, where the focus is,
 * and whether its style says so. What is in open shadow roots is looked at too.
 */

/** Everything that a visitor could press, open or fill in, seen and not switched off. */
export function listControls(most) {
  const NATIVE = 'a[href],area[href],button,input:not([type=hidden]),select,textarea,summary';
  const ROLES = [
    'button',
    'link',
    'checkbox',
    'switch',
    'slider',
    'spinbutton',
    'textbox',
    'combobox',
  ];
  const OTHERS =
    '[tabindex]:not([tabindex^="-"]),[contenteditable=""],[contenteditable="true"],[onclick]';
  const wanted = [NATIVE, OTHERS, ...ROLES.map((role) => `[role=${role}]`)].join(',');
  /** In these one is reached by Tab and the others by arrows. */
  const byArrows =
    '[role=tab],[role=option],[role=radio],[role=treeitem],[role^=menuitem],[role=toolbar] *,[role=grid] *';
  const everywhere = (root) =>
    [...root.querySelectorAll('*')].flatMap((element) => [
      element,
      ...(element.shadowRoot ? everywhere(element.shadowRoot) : []),
    ]);
  const isThere = (element) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    element.getClientRects().length > 0 &&
    !element.matches(':disabled') &&
    element.closest('[inert],[aria-hidden=true]') === null;
  const holdsAnother = (element) =>
    !element.matches(NATIVE) && element.querySelector(wanted) !== null;
  const all = everywhere(document).filter(
    (element) =>
      element.matches(wanted) &&
      !element.matches(byArrows) &&
      isThere(element) &&
      !holdsAnother(element),
  );
  return { all: all.slice(0, most), total: all.length, styles: [] };
}

/** Names, which of them count as one, and how each looks without the focus. Begins at the top. */
export function start(controls) {
  const nameOf = (element) => {
    const text =
      element.getAttribute('aria-label') || element.textContent || element.getAttribute('name');
    const short = (text || element.getAttribute('href') || element.id || '')
      .trim()
      .replaceAll(/\s+/g, ' ');
    return `<${element.tagName.toLowerCase()}> ${JSON.stringify(short.slice(0, 60))}`;
  };
  const style = document.adoptedStyleSheets;
  const still = new CSSStyleSheet();
  still.replaceSync('*,*::before,*::after{transition:none!important;animation:none!important}');
  document.adoptedStyleSheets = [...style, still];
  document.activeElement?.blur?.();
  const PROPERTIES = [
    ...[
      'outlineStyle',
      'outlineWidth',
      'outlineColor',
      'boxShadow',
      'backgroundColor',
      'backgroundImage',
    ],
    ...[
      'color',
      'borderTopColor',
      'borderTopWidth',
      'borderBottomColor',
      'borderBottomWidth',
      'opacity',
    ],
    ...[
      'textDecorationLine',
      'textDecorationColor',
      'transform',
      'filter',
      'width',
      'height',
      'clipPath',
    ],
  ];
  controls.look = (element) =>
    [
      [element, null],
      [element, '::before'],
      [element, '::after'],
      [element.parentElement, null],
    ]
      .filter(([one]) => one !== null)
      .map(([one, pseudo]) => {
        const computed = getComputedStyle(one, pseudo);
        const said = PROPERTIES.map((name) => computed[name]);
        // An outline of no style has a colour all the same.
        return computed.outlineStyle === 'none' ? said.slice(3).join() : said.join();
      })
      .join('|');
  controls.nameOf = nameOf;
  controls.styles = controls.all.map(controls.look);
  const groups = controls.all.map((element, index) =>
    element.type === 'radio' && element.name
      ? `${element.form?.id ?? ''} radio ${element.name}`
      : index,
  );
  return { names: controls.all.map(nameOf), groups, total: controls.total };
}

/** The element that has the focus now. */
export function whereIs(controls) {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (at === null || at === document.body || at === document.documentElement)
    return { isOut: true, id: null, index: null };
  controls.ids ??= new WeakMap();
  controls.next ??= 0;
  if (!controls.ids.has(at)) controls.ids.set(at, ++controls.next);
  const found = controls.all.indexOf(at);
  const { x, y, width, height } = at.getBoundingClientRect();
  // A caret shows where one writes.
  const isWritten =
    at.isContentEditable ||
    at.tagName === 'TEXTAREA' ||
    (at.tagName === 'INPUT' &&
      ![
        'button',
        'checkbox',
        'color',
        'file',
        'image',
        'radio',
        'range',
        'reset',
        'submit',
      ].includes(at.type));
  return {
    ...{ isOut: false, id: controls.ids.get(at), index: found < 0 ? null : found },
    ...{ name: controls.nameOf(at), isFrame: at.tagName === 'IFRAME' },
    isShown: isWritten || (found >= 0 && controls.look(at) !== controls.styles[found]),
    box: width > 0 && height > 0 ? { x, y, width, height } : null,
  };
}

/** Takes the focus away, or gives it back where Tab had brought it. */
export function looksOf({ controls, index, isFocused }) {
  if (isFocused) controls.all[index].focus({ focusVisible: true });
  else controls.all[index].blur();
}

/** Whether a page can be moved sideways on a phone, and what sticks out of it. */
export async function overflowProblems(page) {
  const found = await page.evaluate((screenWidth) => {
    const root = document.documentElement;
    const isCut = [root, document.body].some((element) =>
      ['hidden', 'clip'].includes(getComputedStyle(element).overflowX),
    );
    if (isCut || root.scrollWidth <= screenWidth) return null;
    const widest = [...document.body.querySelectorAll('*')].reduce(
      (most, element) => {
        const { right } = element.getBoundingClientRect();
        return right > most.right ? { right, element } : most;
      },
      { right: screenWidth, element: null },
    ).element;
    const { tagName, id, className } = widest ?? document.body;
    const classes =
      typeof className === 'string' ? className.trim().split(/\s+/).filter(Boolean) : [];
    const name =
      tagName.toLowerCase() + (id ? `#${id}` : '') + classes.map((one) => `.${one}`).join('');
    return { width: root.scrollWidth, name };
  }, page.viewportSize().width);
  if (found === null) return [];
  const { width, name } = found;
  return [
    {
      ...{ code: 'page_overflow', key: 'sideways', count: 1 },
      message: `the page is ${width} pixels wide on a screen of ${page.viewportSize().width}; ${name} sticks out furthest`,
    },
  ];
}

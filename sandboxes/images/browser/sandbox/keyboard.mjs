/**
 * A page without a mouse: whether Tab comes to everything that does something, shows where it is, and
 * gets out again.
 */
import { listControls, looksOf, start, whereIs } from './controls.mjs';

const CONTROLS_MAX = 150;
const MARGIN = 6;

export async function keyboardProblems(page, cut) {
  const controls = await page.evaluateHandle(listControls, CONTROLS_MAX);
  const { names, groups, total } = await page.evaluate(start, controls);
  if (total > CONTROLS_MAX)
    cut.push(`the keyboard was tried on ${CONTROLS_MAX} of ${total} controls`);
  const walked = await walk(page, controls, names);
  const reached = new Set(walked.order.map((index) => groups[index]));
  const missed = names.flatMap((name, index) => (reached.has(groups[index]) ? [] : [name]));
  if (walked.trap !== null && (missed.length > 0 || walked.isStuck)) {
    return [problem(`trap ${walked.trap}`, `Tab does not get out of ${walked.trap}`)];
  }
  return [
    ...missed.map((name) => problem(`missed ${name}`, `Tab never comes to ${name}`)),
    ...walked.unseen.map((name) =>
      problem(`unseen ${name}`, `${name} does not show that it has the focus`),
    ),
  ];
}

/** Presses Tab until the focus leaves the page, or has been everywhere it goes twice. */
async function walk(page, controls, names) {
  const order = [];
  const unseen = [];
  const stays = staying();
  for (let press = 0; press < names.length * 2 + 20; press += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(whereIs, controls);
    if (at.isOut && order.length > 0) return { order, unseen, trap: null, isStuck: false };
    if (stays(at)) return { order, unseen, trap: at.name, isStuck: true };
    if (at.index === null || order.includes(at.index)) continue;
    order.push(at.index);
    const isShown = at.isShown || (await differs(page, controls, at));
    if (!isShown) unseen.push(names[at.index]);
  }
  // Round and round: a trap where something was left out, and else a page that begins anew.
  const trap = order.length > 0 ? names[order.at(-1)] : null;
  return { order, unseen, trap, isStuck: false };
}

/** Whether the focus is where it was after Tab was pressed twice more. */
function staying() {
  let last = null;
  let same = 0;
  return ({ isOut, isFrame, id }) => {
    same = !isOut && !isFrame && id === last ? same + 1 : 0;
    last = id;
    return same >= 2;
  };
}

/** The styles say nothing, so the pixels are asked: with the focus, and without it. */
async function differs(page, controls, { index, box }) {
  if (box === null) return true;
  const clip = { x: Math.max(0, box.x - MARGIN), y: Math.max(0, box.y - MARGIN) };
  const around = { ...clip, width: box.width + 2 * MARGIN, height: box.height + 2 * MARGIN };
  const shot = () => page.screenshot({ clip: around, animations: 'disabled' });
  const focused = await shot();
  await page.evaluate(looksOf, { controls, index, isFocused: false });
  const without = await shot();
  await page.evaluate(looksOf, { controls, index, isFocused: true });
  return !focused.equals(without);
}

function problem(key, message) {
  return { code: 'page_keyboard', key, message, count: 1 };
}

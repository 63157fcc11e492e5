/** Compares two pictures of a page. Both were made in sandboxes, and they are read in none but this. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** From the image's own folder, whatever lies in a workspace. */
const ofImage = createRequire('/node_modules/');
const { PNG } = ofImage('pngjs');
const { default: pixelmatch } = await import(pathToFileURL(ofImage.resolve('pixelmatch')).href);

/** How different two pixels may look and be the same; edges of letters are left out by pixelmatch. */
const THRESHOLD = 0.1;

/** A picture of the difference, when there is one; what one picture lacks counts as different. */
export function compared(before, after) {
  const [a, b] = [PNG.sync.read(before), PNG.sync.read(after)];
  const [width, height] = [Math.max(a.width, b.width), Math.max(a.height, b.height)];
  const diff = new PNG({ width, height });
  const [one, other] = [a, b].map((picture) => spread(picture, width, height));
  const pixels = pixelmatch(one, other, diff.data, width, height, { threshold: THRESHOLD });
  return {
    pixels,
    share: pixels / (width * height),
    picture: pixels === 0 ? null : PNG.sync.write(diff),
  };
}

/** On a transparent ground of this size. */
function spread({ data, width, height }, wide, high) {
  if (width === wide && height === high) return data;
  const spreadOut = Buffer.alloc(wide * high * 4);
  for (let row = 0; row < height; row += 1)
    data.copy(spreadOut, row * wide * 4, row * width * 4, (row + 1) * width * 4);
  return spreadOut;
}

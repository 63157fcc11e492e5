/**
 * Prints what a check left in its output volume: one line of JSON with names and sizes, then the bytes.
 * Regular files only, nothing followed; the controller bounds it again.
 */
import {
  closeSync,
  constants,
  fstatSync,
  opendirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const limits = JSON.parse(process.argv[1]);

const names = namesBelow(limits);
if (names === null) print(Buffer.from(`${JSON.stringify({ tooMuch: true })}\n`));
else {
  const files = opened(names.sort(), limits);
  printFiles(files, names.length - files.length);
}

/** Null when there is more than is looked at. */
function namesBelow({ root, entries, depth }) {
  const found = [];
  const waiting = [{ below: '', level: 1 }];
  let seen = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const entry of entriesOf(path.join(root, at.below))) {
      seen += 1;
      if (seen > entries || at.level > depth) return null;
      const name = path.join(at.below, entry.name);
      if (entry.isDirectory()) waiting.push({ below: name, level: at.level + 1 });
      // A name that is no text comes back altered and leads nowhere.
      else if (entry.isFile() && !name.includes('\ufffd')) found.push(name);
    }
  }
  return found;
}

function* entriesOf(folder) {
  const dir = tried(() => opendirSync(folder));
  if (dir === null) return;
  for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) yield entry;
  dir.closeSync();
}

function opened(all, { root, files: most, fileBytes, bytes }) {
  const files = [];
  let total = 0;
  for (const name of all.slice(0, most)) {
    const fd = tried(() => openSync(path.join(root, name), READ));
    if (fd === null) continue;
    const { size } = fstatSync(fd);
    total += size;
    if (size > fileBytes || total > bytes) closeSync(fd);
    else files.push({ name, size, fd });
  }
  return files;
}

function printFiles(files, left) {
  const listed = files.map(({ name, size }) => ({ name, size }));
  print(Buffer.from(`${JSON.stringify({ files: listed, left })}\n`));
  for (const { size, fd } of files) {
    const content = Buffer.alloc(size);
    for (let at = 0; at < size; ) {
      const count = readSync(fd, content, at, size - at, at);
      if (count === 0) break;
      at += count;
    }
    print(content);
  }
}

function print(content) {
  for (let at = 0; at < content.length; ) at += writeSync(1, content, at);
}

/** Whoever ran there may have shut a folder, or removed its own right to see it. */
function tried(work) {
  try {
    return work();
  } catch {
    return null;
  }
}

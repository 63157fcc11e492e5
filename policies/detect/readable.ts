/** What a detector of added text gets to read of a file, and which names stand for no text at all. */
import { type FileChange, type Firing, type Side, type Subject, unreadable } from './detector.ts';
import { capped } from './firings.ts';

export type Texts = { readonly before: string; readonly after: string };

const GITLINK = '160000';

/** Formats that hold no text by their nature. SVG is not among them: it is text, and can hold scripts. */
const BINARY_NAME = new RegExp(
  `\\.(?:${[
    'png|jpe?g|gif|webp|avif|bmp|ico|icns|tiff?|heic|psd',
    'woff2?|ttf|otf|eot',
    'mp[34]|m4[av]|wav|ogg|flac|mov|avi|webm',
    'zip|t?gz|bz2|xz|zst|7z|rar|tar|jar|war',
    'pdf|docx?|xlsx?|pptx?|sqlite3?|db|parquet',
    'wasm|so|dylib|dll|exe|class|pyc|o|a',
  ].join('|')})$`,
  'i',
);

export function isBinaryName(path: string): boolean {
  return BINARY_NAME.test(path);
}

/** What `find` says of every file that gained text. A file that was only moved gained none. */
export function scanAdded(
  { files, all }: Subject,
  find: (path: string, texts: Texts) => Firing[],
): Firing[] {
  // Only what the whole change takes away was there before. A commit in between that deletes what
  // another one added moves nothing: the text was new, and stays in the history.
  const wasThere = new Set(all.flatMap((file) => deletedContent(file) ?? []));
  const gone = new Set(
    files.flatMap((file) => deletedContent(file) ?? []).filter((oid) => wasThere.has(oid)),
  );
  return capped(
    files.flatMap((file) => {
      const texts = addedText(file);
      if (texts === null) return [];
      if ('key' in texts) return [texts];
      // Each deleted file stands for one moved file; a second copy is new text.
      if (!file.before && file.after && gone.delete(file.after.oid)) return [];
      return find(file.path, texts);
    }),
  );
}

function deletedContent({ before, after }: FileChange): string | null {
  return after ? null : (before?.oid ?? null);
}

/**
 * Both texts of a file that was added or whose content changed, the firing for one that cannot be
 * read, or null when the change adds no text: a deletion, another mode, a submodule, a picture.
 * An old side that cannot be read counts as empty: then every line is new.
 */
function addedText({ path, before, after }: FileChange): Texts | Firing | null {
  if (!after || after.mode === GITLINK || isSame(before, after)) return null;
  if (after.text === null) {
    return isBinaryName(path) ? null : unreadable(path, 'it is binary or too large to read');
  }
  return { before: before?.text ?? '', after: after.text };
}

/** A file that became a symlink has other content even when the bytes are the same. */
function isSame(before: Side | null, after: Side): boolean {
  const kind = (side: Side) => side.mode.slice(0, 3);
  return before !== null && before.oid === after.oid && kind(before) === kind(after);
}

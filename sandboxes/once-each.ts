/**
 * One at a time per key in this process: of three tasks on one base, one makes the snapshot and the
 * others find it. Between processes the same layer may be made twice; the second is dropped.
 */
export function onceEach<T>(): (key: string, make: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<T>>();
  return (key, make) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(make, make);
    last.set(key, mine);
    const forget = (): void => {
      if (last.get(key) === mine) last.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  };
}

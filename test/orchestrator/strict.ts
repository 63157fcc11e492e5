/** A port of which a test uses some methods: any other one that is called fails the test. */
export function strict<T extends object>(name: string, given: Partial<T>): T {
  return new Proxy(given as T, {
    get: (target, key) => {
      // Whoever awaits a value asks it for `then`, and test output asks for symbols.
      const isAsked = key === 'then' || typeof key === 'symbol';
      if (isAsked || key in target) return Reflect.get(target, key);
      return () => {
        throw new Error(`${name}.${String(key)} was not to be called`);
      };
    },
  });
}

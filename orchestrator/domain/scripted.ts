/** The model that answers from files. Its calls bear this name wherever they are told of. */
export const SCRIPTED = 'scripted';

export function isScripted({ model }: { readonly model: string }): boolean {
  return model === SCRIPTED;
}

import type { FileResult } from './deployment.js';
import { rememberedFiles } from './deployment.js';
import type { StoredItem } from './phone-items.js';
import type { PhoneState } from './phone-state.js';

/** What the phone keeps of a deployment: an entry for every file it loaded, none for those it deleted. */
export function rememberDeployment(
  state: PhoneState,
  results: readonly FileResult[],
  isSoftware: boolean,
  at: Date,
): PhoneState {
  const known = state.items.list();
  const deleted = results.filter(({ job }) => job.action === 'delete').map(({ job }) => job.name);
  const kept = withoutFiles(state, deleted, known);
  const loaded = results.filter(({ job }) => job.action === 'deploy');
  return { ...kept, items: kept.items.with(rememberedFiles(known, isSoftware ? [] : loaded, at)) };
}

function withoutFiles(state: PhoneState, names: readonly string[], known: readonly StoredItem[]): PhoneState {
  const gone = new Set(
    known
      .filter(({ name, value }) => name === 'file-deployment-name' && names.includes(value))
      .map(({ index }) => index),
  );
  if (gone.size === 0) return state;
  const isGone = ({ name, index }: StoredItem): boolean => name.startsWith('file-deployment-') && gone.has(index);
  return { ...state, items: state.items.without(isGone) };
}

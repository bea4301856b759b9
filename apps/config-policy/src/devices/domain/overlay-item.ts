import { isSecretItem, itemKey } from '@opendls/item-catalog';
import { comparableValue } from '../../policies/domain/item-value.js';
import type { SelectedItem } from '../../policies/domain/policy-set.js';

/** An item of the layer `user`; `policy` says where it comes from, such as `mobile-user:49891234`. */
export function overlayItem(
  item: { readonly name: string; readonly index?: number; readonly value: string; readonly secret?: boolean },
  from: { readonly policy: string; readonly revision: number },
): SelectedItem {
  const { name, index, value } = item;
  return {
    item: {
      key: itemKey(name, index),
      name,
      ...(index === undefined ? {} : { index }),
      secret: item.secret ?? isSecretItem(name),
      kind: 'value',
      value,
      comparable: comparableValue(name, value),
    },
    from: { ...from, layer: 'user' },
  };
}
